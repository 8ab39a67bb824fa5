"""The waiting for people who type a code elsewhere (RFC 8628), on behalf of those who poll us."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from grantline.connections.connection import Actor
from grantline.connections.device import DeviceStart
from grantline.connections.engine import Engine
from grantline.errors import GrantlineError, NotFound


@dataclass(frozen=True, slots=True)
class Waiting:
    """One device authorization.

    Attributes:
        start: What to show.
        is_done: Whether the tokens are saved.
        error: Why there will be none.
    """

    start: DeviceStart
    is_done: bool = False
    error: GrantlineError | None = None


class DeviceWaits:
    """The last device authorization of each connection, as long as this process lives.

    A wait that is replaced goes on to its end: the person may have typed its code already.
    """

    def __init__(self) -> None:
        self._waits: dict[tuple[str, str], tuple[DeviceStart, asyncio.Task[None]]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def begin(self, engine: Engine, actor: Actor, connection_id: str) -> DeviceStart:
        """A user code and where to type it; from now on the service is asked."""
        start = await engine.devices.begin(actor, connection_id)
        task = asyncio.get_running_loop().create_task(engine.devices.finish(actor, start))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        self._waits[actor.workspace, connection_id] = start, task
        return start

    def find(self, actor: Actor, connection_id: str) -> Waiting:
        """How far it is.

        Raises:
            NotFound: Nothing was begun for this connection since this process started.
        """
        found = self._waits.get((actor.workspace, connection_id))
        if found is None:
            raise NotFound(
                "No device authorization is under way for this connection.", hint="Begin one."
            )
        start, task = found
        if not task.done():
            return Waiting(start)
        error = task.exception() if not task.cancelled() else None
        if error is not None and not isinstance(error, GrantlineError):
            raise error
        return Waiting(start, is_done=error is None and not task.cancelled(), error=error)

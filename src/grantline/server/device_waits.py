"""Device authorizations that wait for a person, kept while their codes live.

The page that shows a code asks how far it is; asking is what polls the service, as often as the
service allows and no more. Whoever closes the page and comes back finds the same code.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.consent.device import DeviceStart
from grantline.connections.engine import Engine
from grantline.errors import GrantlineError

MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceWait:
    """A code that somebody is typing in.

    Attributes:
        start: What is shown, and what polls.
        interval: The least wait between two polls; services lengthen it.
        due_at: Not before this is the service asked again.
        error: Why it came to nothing; None while it waits.
    """

    actor: Actor
    start: DeviceStart
    interval: timedelta
    due_at: datetime
    error: GrantlineError | None = None


class DeviceWaits:
    """The waits of this process, one for each connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waits: dict[str, DeviceWait] = {}

    async def begin(self, actor: Actor, connection_id: str) -> DeviceWait:
        """A fresh code; raises what the service answers instead of one."""
        start = await self._engine.devices.begin(actor, connection_id)
        interval = start.authorization.interval
        due_at = self._engine.context.clock.now() + interval
        wait = DeviceWait(actor=actor, start=start, interval=interval, due_at=due_at)
        self._waits.pop(connection_id, None)
        self._waits[connection_id] = wait
        while len(self._waits) > MOST:
            del self._waits[next(iter(self._waits))]
        return wait

    def find(self, actor: Actor, connection_id: str) -> DeviceWait | None:
        """The wait of a connection, if this person began one."""
        wait = self._waits.get(connection_id)
        return wait if wait is not None and wait.actor == actor else None

    async def ask(self, actor: Actor, connection_id: str) -> DeviceWait | None:
        """The wait after asking the service, when it may be asked; None once tokens are here."""
        wait = self.find(actor, connection_id)
        now = self._engine.context.clock.now()
        if wait is None or wait.error is not None or now < wait.due_at:
            return wait
        # Said before the answer is here: two tabs must not ask twice as often as is allowed.
        self._waits[connection_id] = replace(wait, due_at=now + 2 * wait.interval)
        try:
            interval = await self._engine.devices.poll(actor, wait.start, wait.interval)
        except GrantlineError as error:
            return self._keep(replace(wait, error=error))
        if interval is None:
            self._waits.pop(connection_id, None)
            return None
        due_at = self._engine.context.clock.now() + interval
        return self._keep(replace(wait, interval=interval, due_at=due_at))

    def _keep(self, wait: DeviceWait) -> DeviceWait:
        self._waits[wait.start.connection_id] = wait
        return wait

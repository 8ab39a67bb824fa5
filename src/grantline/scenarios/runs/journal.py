"""Writing what runs have done: many runs share one transaction, and nothing that is done is lost.

While one transaction is on its way to the disk, whatever else has to be written waits for the next
one. So a commit costs the same for one run and for fifty, and alone nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from grantline.connections.context import Context
from grantline.errors import ConfigurationError, StoreBusy
from grantline.store.failures import is_lasting
from grantline.store.records.runs import Advance, Advanced, NewRun

Write = Advance | NewRun
LOG: Final = logging.getLogger("grantline.scenarios")
MOST_AT_ONCE: Final = 100
AGAIN_AFTER: Final = timedelta(milliseconds=250)
LONGEST_WAIT: Final = timedelta(seconds=5)


class Journal:
    """One writer for all runs of a process, those that it starts and those that it goes on with."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._waiting: list[tuple[Write, asyncio.Future[Advanced]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._watchers: dict[str, set[Callable[[], None]]] = defaultdict(set)

    async def write(self, advance: Write) -> Advanced:
        """Writes ``advance``, however long the database refuses; see ``Store.advance_runs``.

        Raises:
            GrantlineError: It can never be written.
        """
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((advance, written))
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write())
        # Whoever is cancelled while he waits has handed over what he had to write.
        return await asyncio.shield(written)

    def watch(self, run_id: str, tell: Callable[[], None]) -> Callable[[], None]:
        """Calls ``tell`` after each change of a run that this process writes; gives how to end."""
        self._watchers[run_id].add(tell)

        def end() -> None:
            self._watchers[run_id].discard(tell)
            if not self._watchers[run_id]:
                del self._watchers[run_id]

        return end

    def tell(self, run_id: str) -> None:
        """Lets those who watch a run know that its row has changed."""
        for tell in tuple(self._watchers.get(run_id, ())):
            tell()

    async def settle(self, patience: timedelta) -> bool:
        """Waits until all is written, for ``patience`` at most; says whether it is."""
        if (writer := self._writer) is not None:
            await asyncio.wait([writer], timeout=patience.total_seconds())
        return self._writer is None

    async def aclose(self, patience: timedelta) -> None:
        """Waits so long, then gives up: a process ends also while its database is away.

        Whoever goes on with the runs carries out once more what could not be written.
        """
        if not await self.settle(patience) and (writer := self._writer) is not None:
            LOG.warning("What runs have done last was not saved: the database did not take it.")
            writer.cancel()
            await asyncio.wait([writer])

    async def _write(self) -> None:
        try:
            while self._waiting:
                some = self._waiting[:MOST_AT_ONCE]
                del self._waiting[:MOST_AT_ONCE]
                await self._write_some(some)
        finally:
            self._writer = None

    async def _write_some(self, some: list[tuple[Write, asyncio.Future[Advanced]]]) -> None:
        try:
            told = await self._persisted([advance for advance, _ in some])
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            if len(some) > 1:
                # One that can never be written must not take the others with it.
                for each in some:
                    await self._write_some([each])
            elif not some[0][1].done():
                some[0][1].set_exception(error)
            return
        for (advance, written), advanced in zip(some, told, strict=True):
            if not written.done():
                written.set_result(advanced)
            self.tell(advance.run_id)

    async def _persisted(self, advances: list[Write]) -> list[Advanced]:
        context, wait = self._context, AGAIN_AFTER
        while True:
            try:
                return list(await context.stored(context.store.advance_runs, advances))
            except (StoreBusy, ConfigurationError) as error:
                if is_lasting(error):
                    raise
                if wait == AGAIN_AFTER:
                    LOG.warning("What runs have done cannot be saved yet: %s", error.message)
                # Not by the engine's clock, which may be set: the database is away in real time.
                await asyncio.sleep(wait.total_seconds())
                wait = min(2 * wait, LONGEST_WAIT)

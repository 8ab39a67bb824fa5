"""Waiting for another process to renew a connection: short, and cheap for the database.

Where the database can tell, it is listened to; and the row is looked at in any case, for what is
heard is a hint: often where nothing is heard, and now and then where it is.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from grantline.connections.context import Context
from grantline.store.protocol.renewal import Listener
from grantline.store.records.connections import ConnectionRecord, Glance

POLL: Final = timedelta(milliseconds=25)
POLL_BESIDE: Final = timedelta(milliseconds=250)


class Waiting:
    """Where callers of one process wait for the others."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._listener: Listener | None = None
        self._has_asked = False
        self._waits: dict[str, asyncio.Event] = {}

    async def change(self, record: ConnectionRecord, at_most: timedelta) -> None:
        """Returns once ``record`` is not the latest, or its lease has ended; or ``at_most`` later.

        Raises:
            ConnectionNotFound: It was deleted.
        """
        clock, store = self._context.clock, self._context.store
        if not self._has_asked:
            self._has_asked = True
            loop = asyncio.get_running_loop()

            def tell(heard: str) -> None:
                loop.call_soon_threadsafe(self._hear, heard)

            self._listener = await self._context.stored(store.listen, tell)
        heard = self._waits.setdefault(record.id, asyncio.Event())
        until = clock.elapsed() + at_most
        try:
            while True:
                heard.clear()
                # Asked before the look: what was told in between was told to nobody.
                hears = self._listener is not None and self._listener.is_live
                seen = await self._context.stored(store.glance, record.workspace, record.id)
                is_over = seen.lease_owner is None or _age(seen) != _age(record)
                if is_over or clock.elapsed() >= until:
                    return
                await self._pause(heard, POLL_BESIDE if hears else POLL)
        finally:
            self._waits.pop(record.id, None)

    def close(self) -> None:
        """Ends the listening."""
        if self._listener is not None:
            self._listener.close()

    def _hear(self, connection_id: str) -> None:
        if connection_id in self._waits:
            self._waits[connection_id].set()

    async def _pause(self, heard: asyncio.Event, at_most: timedelta) -> None:
        loop = asyncio.get_running_loop()
        waits = [
            loop.create_task(self._context.clock.sleep(at_most)),
            loop.create_task(heard.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()


def _age(seen: Glance | ConnectionRecord) -> tuple[int, int, int]:
    return seen.generation, seen.version, seen.lease_number

"""Waiting for another process to renew a connection: short, and cheap for the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from grantline.connections.context import Context
from grantline.store.records import ConnectionRecord, Glance

POLL: Final = timedelta(milliseconds=25)


class Waiting:
    """Where callers of one process wait for the others."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def change(self, record: ConnectionRecord, at_most: timedelta) -> None:
        """Returns once ``record`` is not the latest, or its lease has ended; or ``at_most`` later.

        Raises:
            ConnectionNotFound: It was deleted.
        """
        clock, store = self._context.clock, self._context.store
        until = clock.elapsed() + at_most
        while clock.elapsed() < until:
            await clock.sleep(POLL)
            seen = await self._context.stored(store.glance, record.workspace, record.id)
            if seen.lease_owner is None or _age(seen) != _age(record):
                return


def _age(seen: Glance | ConnectionRecord) -> tuple[int, int, int]:
    return seen.generation, seen.version, seen.lease_number

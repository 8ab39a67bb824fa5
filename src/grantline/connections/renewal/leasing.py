"""Who may renew a connection: one process at a time, by a lease that outlives no holder for long.

A lease ends by the database's clock. Two things count more than that clock, which may be set to
another time: a holder on this machine whose process is gone holds nothing, and one that is alive
keeps its lease until it has been watched holding it for the lease's whole span.
"""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Final

from grantline.connections.context import Context
from grantline.connections.renewal.presence import Life, Presence, on_this_machine
from grantline.connections.renewal.unsaved import Unsaved
from grantline.store.records.connections import ConnectionRecord
from grantline.store.records.renewal import Lease

MOST_WATCHED: Final = 1000


class Leasing:
    """Leases for one process."""

    def __init__(
        self, context: Context, unsaved: Unsaved, data_dir: Path, *, span: timedelta
    ) -> None:
        """Args: ``span`` is how long a lease lives."""
        self.span = span
        name = f"{socket.gethostname()}:{os.getpid()}:{context.entropy(6).hex()}"
        self.owner = on_this_machine(name)
        self._context = context
        self._unsaved = unsaved
        self._presence = Presence(data_dir / "processes", self.owner)
        self._watched: dict[str, tuple[int, timedelta]] = {}

    async def acquire(self, record: ConnectionRecord) -> Lease | None:
        """The lease on the connection as ``record`` has it; None while somebody else may have it.

        Raises:
            ConnectionNotFound: It was deleted.
            StoreBusy: The database cannot be had; so for ``ConfigurationError``.
        """
        context, over = self._context, None
        if record.lease_owner is not None:
            life = self._life(record.id, record.lease_owner)
            if life is Life.GONE or self._is_outlived(record):
                over = record.lease_number
            elif life is Life.ALIVE:
                return None
        await self.announce()
        lease = await context.stored(
            context.store.acquire_lease,
            record.id,
            self.owner,
            record.generation,
            self.span,
            over=over,
        )
        if lease is not None:
            self._watched.pop(record.id, None)
        return lease

    async def announce(self) -> None:
        """Shows this process to the others, before it holds anything."""
        await self._context.stored(self._announce)

    def is_free(self, owner: str | None) -> bool:
        """Whether a lease of ``owner`` can be taken over without waiting for its end."""
        return owner is None or self._presence.look(owner) is Life.GONE

    def close(self) -> None:
        """Lets the others know that this process holds nothing any more."""
        self._presence.end(owes=self._unsaved.owes)

    def _announce(self) -> None:
        self._presence.announce(self._context.clock.now())
        self._unsaved.reserve()

    def _life(self, connection_id: str, owner: str) -> Life:
        if owner != self.owner:
            return self._presence.look(owner)
        # One flight at a time renews a connection, so a lease of our own is one that could not be
        # given back; unless its tokens still wait to be saved.
        return Life.GONE if self._unsaved.held(connection_id) is None else Life.ALIVE

    def _is_outlived(self, record: ConnectionRecord) -> bool:
        """Whether the lease was seen for its whole span, by a clock that nobody sets."""
        now = self._context.clock.elapsed()
        number, since = self._watched.get(record.id, (0, now))
        if number == record.lease_number:
            return now - since >= self.span
        if len(self._watched) >= MOST_WATCHED:
            self._watched.clear()
        self._watched[record.id] = (record.lease_number, now)
        return False

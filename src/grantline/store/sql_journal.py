"""Events, keys and the instance: what a store remembers of itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from grantline.errors import KeyUnavailable
from grantline.store.database import Database
from grantline.store.records import Event, KeyRecord
from grantline.store.rows import to_record, to_row
from grantline.store.tables import (
    event,
    instance,
    pending_authorization,
    refresh_attempt,
    session,
    transcript_line,
    vault_key,
)
from grantline.store.tables import run as made_run


def note(run: Connection, happened: Event) -> None:
    """Adds ``happened`` to the audit within the transaction it tells of."""
    run.execute(insert(event).values(to_row(happened)))


class Journal(Database):
    """The part of the store that is about the store."""

    def add_event(self, event: Event) -> None:
        """Adds one line to the audit."""
        with self._write() as run:
            note(run, event)

    def list_events(
        self, workspace: str, subject: str | None = None, limit: int = 100
    ) -> Sequence[Event]:
        """The latest, newest first, of one subject or of all."""
        query = select(event).where(event.c.workspace == workspace)
        if subject is not None:
            query = query.where(event.c.subject == subject)
        with self._read() as run:
            rows = run.execute(query.order_by(event.c.number.desc()).limit(limit)).mappings()
            return [to_record(Event, row) for row in rows]

    def purge(self, *, ended: datetime, made: datetime, said: datetime) -> int:
        """Drops what nobody needs any more; gives the count."""
        said_before = select(transcript_line.c.id).where(transcript_line.c.at < said)
        gone = (
            delete(pending_authorization).where(pending_authorization.c.expires_at < ended),
            delete(refresh_attempt).where(refresh_attempt.c.closed_at < ended),
            delete(session).where(session.c.expires_at < ended),
            delete(made_run).where(made_run.c.at < made),
            # By id, because an index holds the instants and the lines are long.
            delete(transcript_line).where(transcript_line.c.id.in_(said_before)),
        )
        with self._write() as run:
            return sum(run.execute(each).rowcount for each in gone)

    def list_keys(self) -> Sequence[KeyRecord]:
        """Every key that sealed something here, oldest first."""
        order = (vault_key.c.created_at, vault_key.c.fingerprint)
        with self._read() as run:
            rows = run.execute(select(vault_key).order_by(*order)).mappings()
            return [to_record(KeyRecord, row) for row in rows]

    def add_key(self, key: KeyRecord, replacing: str | None = None) -> None:
        """Notes a key; a primary one takes over from the key ``replacing``, and from no other."""
        known = vault_key.c
        with self._write() as run:
            # Of two processes that start at once, each with a key of its own, the second waits
            # here for the first, and then sees its key.
            run.execute(select(instance.c.id).with_for_update())
            same = known.fingerprint == key.fingerprint
            is_known = run.execute(select(known.fingerprint).where(same)).first() is not None
            if key.primary:
                current = run.execute(select(known.fingerprint).where(known.primary)).scalar()
                if current not in {None, replacing, key.fingerprint}:
                    raise KeyUnavailable(
                        f"This database is sealed with the master key {current}.",
                        fingerprint=current,
                        hint="Another process registered it meanwhile: start with that key.",
                    )
                run.execute(update(vault_key).where(known.primary).values(primary=False))
                run.execute(update(vault_key).where(same).values(primary=True))
            if not is_known:
                run.execute(insert(vault_key).values(to_row(key)))

    def instance_id(self) -> str:
        """An id made once when the database was created."""
        with self._read() as run:
            return str(run.execute(select(instance.c.id)).scalar_one())

"""Events, and what has ended: what a store remembers of its past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from grantline.store.database import Database
from grantline.store.records.audit import Event
from grantline.store.schema.tables import (
    event,
    pending_authorization,
    refresh_attempt,
    scenario_run,
    session,
    transcript_line,
)
from grantline.store.schema.tables import run as made_run
from grantline.store.sql.rows import to_record, to_row


def note(run: Connection, happened: Event) -> None:
    """Adds ``happened`` to the audit within the transaction it tells of."""
    run.execute(insert(event).values(to_row(happened)))


class Journal(Database):
    """The part of the store that is about what happened."""

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

    def purge(self, *, ended: datetime, made: datetime, ran: datetime, said: datetime) -> int:
        """Drops what nobody needs any more; gives the count."""
        said_before = select(transcript_line.c.id).where(transcript_line.c.at < said)
        gone = (
            delete(pending_authorization).where(pending_authorization.c.expires_at < ended),
            delete(refresh_attempt).where(refresh_attempt.c.closed_at < ended),
            delete(session).where(session.c.expires_at < ended),
            delete(made_run).where(made_run.c.at < made),
            delete(scenario_run).where(scenario_run.c.ended_at < ran),
            # By id, because an index holds the instants and the lines are long.
            delete(transcript_line).where(transcript_line.c.id.in_(said_before)),
        )
        with self._write() as run:
            return sum(run.execute(each).rowcount for each in gone)

"""Saved requests, the runs that were made of them, and the transcripts of connections."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, or_, select

from grantline.errors import ConnectionNotFound
from grantline.store.database import Database
from grantline.store.records.audit import Event, TranscriptLine
from grantline.store.records.credentials import CredentialRecord
from grantline.store.records.page import Page
from grantline.store.records.requests import RunRecord, SavedRequestRecord
from grantline.store.schema.tables import run, saved_request, transcript_line
from grantline.store.sql.connections import no_connection, write_over
from grantline.store.sql.credentials import insert_credential
from grantline.store.sql.journal import note
from grantline.store.sql.paging import contains, page_of
from grantline.store.sql.people import not_found
from grantline.store.sql.rows import to_record, to_row
from grantline.store.sql.uses import NAMES_CREDENTIALS

_EDITABLE: Final = (
    "name",
    "connection_id",
    "credential_id",
    "certificate_id",
    "authority_id",
    "proxy_id",
    "method",
    "url",
    "sealed_spec",
    "version",
    "updated_at",
)
_LISTED: Final = [each for each in run.c if each.name != "sealed_detail"]


class Requests(Database):
    """What people asked of services, kept under a name or in the history."""

    def add_request(
        self,
        request: SavedRequestRecord,
        event: Event,
        adding: tuple[CredentialRecord, Event] | None = None,
    ) -> None:
        """Adds a saved request, and the credential it was typed with: both or neither."""
        with self._write() as work:
            if adding is not None:
                insert_credential(work, *adding)
            work.execute(insert(saved_request).values(to_row(request)))
            note(work, event)

    def load_request(self, workspace: str, request_id: str) -> SavedRequestRecord:
        """The saved request of this id."""
        return self._request(_of(workspace), saved_request.c.id == request_id)

    def find_request(self, workspace: str, name: str) -> SavedRequestRecord:
        """The saved request of this name."""
        return self._request(_of(workspace), saved_request.c.name == name)

    def page_requests(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        credential_id: str | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[SavedRequestRecord]:
        """Saved requests by name, those that fit every filter given."""
        kept = saved_request.c
        wanted = select(kept.id).where(_of(workspace)).order_by(kept.name)
        if query:
            wanted = wanted.where(contains(query, kept.name, kept.url))
        if connection_id is not None:
            wanted = wanted.where(kept.connection_id == connection_id)
        if credential_id is not None:
            wanted = wanted.where(or_(*(each == credential_id for each in NAMES_CREDENTIALS)))
        with self._read() as work:
            ids, total = page_of(work, wanted, offset, limit)
            shown = select(saved_request).where(kept.id.in_(ids)).order_by(kept.name)
            rows = work.execute(shown).mappings()
            return Page(tuple(to_record(SavedRequestRecord, row) for row in rows), total)

    def update_request(
        self,
        request: SavedRequestRecord,
        event: Event,
        adding: tuple[CredentialRecord, Event] | None = None,
    ) -> None:
        """Writes ``request`` over version ``request.version - 1`` (law 4)."""
        row = to_row(request)
        values = {name: row[name] for name in _EDITABLE}
        with self._write() as work:
            if adding is not None:
                insert_credential(work, *adding)
            write_over(work, saved_request, request, values, not_found("saved request"))
            note(work, event)

    def delete_request(self, workspace: str, request_id: str, event: Event) -> None:
        """Removes a saved request; its runs stay."""
        own = (_of(workspace), saved_request.c.id == request_id)
        with self._write() as work:
            if not work.execute(delete(saved_request).where(*own)).rowcount:
                raise not_found("saved request")
            note(work, event)

    def add_run(self, run: RunRecord, sealed_detail: str) -> None:
        """Keeps a run and its detail."""
        row = {**to_row(run), "sealed_detail": sealed_detail}
        with self._write() as work:
            work.execute(insert(_runs).values(row))

    def load_run(self, workspace: str, run_id: str) -> tuple[RunRecord, str]:
        """The run of this id, and its sealed detail."""
        own = (run.c.workspace == workspace, run.c.id == run_id)
        with self._read() as work:
            row = work.execute(select(run).where(*own)).mappings().one_or_none()
        if row is None:
            raise not_found("run")
        return to_record(RunRecord, row), str(row["sealed_detail"])

    def page_runs(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        request_id: str | None = None,
        status_class: int | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[RunRecord]:
        """Runs, newest first, those that fit every filter given."""
        made = run.c
        wanted = select(made.id).where(made.workspace == workspace)
        if query:
            wanted = wanted.where(contains(query, made.url, made.method))
        if connection_id is not None:
            wanted = wanted.where(made.connection_id == connection_id)
        if request_id is not None:
            wanted = wanted.where(made.request_id == request_id)
        if status_class == 0:
            wanted = wanted.where(made.status.is_(None))
        elif status_class is not None:
            lowest = status_class * 100
            wanted = wanted.where(made.status >= lowest, made.status < lowest + 100)
        newest_first = (made.at.desc(), made.id.desc())
        with self._read() as work:
            ids, total = page_of(work, wanted.order_by(*newest_first), offset, limit)
            shown = select(*_LISTED).where(made.id.in_(ids)).order_by(*newest_first)
            rows = work.execute(shown).mappings()
            return Page(tuple(to_record(RunRecord, row) for row in rows), total)

    def latest_runs(self, workspace: str, request_ids: Collection[str]) -> Sequence[RunRecord]:
        """The latest run of each of these saved requests that has one, in no order."""
        made = run.alias().c
        # One look into the index for each request, however many runs it has.
        latest = (
            select(made.id)
            .where(made.workspace == workspace, made.request_id == saved_request.c.id)
            .order_by(made.at.desc(), made.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        ids = select(latest).where(_of(workspace), saved_request.c.id.in_(request_ids))
        wanted = select(*_LISTED).where(run.c.id.in_(ids))
        with self._read() as work:
            return [to_record(RunRecord, row) for row in work.execute(wanted).mappings()]

    def delete_run(self, workspace: str, run_id: str) -> None:
        """Removes a run."""
        own = (run.c.workspace == workspace, run.c.id == run_id)
        with self._write() as work:
            if not work.execute(delete(run).where(*own)).rowcount:
                raise not_found("run")

    def purge_runs(self, workspace: str, *, before: datetime, at_most: int) -> int:
        """Drops runs older than ``before`` and the oldest beyond ``at_most``; gives the count."""
        made = run.c
        own = made.workspace == workspace
        newest = select(made.id).where(own).order_by(made.at.desc(), made.id.desc())
        # A limit, because SQLite knows no offset without one.
        surplus = newest.offset(at_most).limit(_ALL)
        with self._write() as work:
            gone = delete(run).where(own, or_(made.at < before, made.id.in_(surplus)))
            return work.execute(gone).rowcount

    def add_transcript_line(self, line: TranscriptLine, at_most: int) -> None:
        """Adds a line, and drops the connection's oldest beyond ``at_most``."""
        said = transcript_line.c
        newest = select(said.id).where(said.connection_id == line.connection_id)
        surplus = newest.order_by(said.at.desc(), said.id.desc()).offset(at_most).limit(_ALL)
        try:
            with self._write(orphan=no_connection()) as work:
                work.execute(insert(transcript_line).values(to_row(line)))
                work.execute(delete(transcript_line).where(said.id.in_(surplus)))
        except ConnectionNotFound:
            # What is said after a deletion, a revocation above all, is about nothing here.
            return

    def list_transcript(self, workspace: str, connection_id: str) -> Sequence[TranscriptLine]:
        """Every line kept about a connection, oldest first."""
        said = transcript_line.c
        own = (said.workspace == workspace, said.connection_id == connection_id)
        lines = select(transcript_line).where(*own).order_by(said.at, said.id)
        with self._read() as work:
            return [to_record(TranscriptLine, row) for row in work.execute(lines).mappings()]

    def _request(self, *where: ColumnElement[bool]) -> SavedRequestRecord:
        with self._read() as work:
            row = work.execute(select(saved_request).where(*where)).mappings().one_or_none()
        if row is None:
            raise not_found("saved request")
        return to_record(SavedRequestRecord, row)


# Inside the method that takes one, ``run`` is a record.
_runs: Final = run
_ALL: Final = 2**62


def _of(workspace: str) -> ColumnElement[bool]:
    return saved_request.c.workspace == workspace

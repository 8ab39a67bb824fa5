"""Tokens, the lease that guards their renewal, the attempts to renew, and consents under way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from grantline.store.database import Database
from grantline.store.listening import CHANNEL, Listening
from grantline.store.records.audit import Event
from grantline.store.records.connections import Health, PendingAuthorization, TokenColumns
from grantline.store.records.renewal import Due, Lease, RefreshAttempt
from grantline.store.schema.columns import Instant, microseconds
from grantline.store.schema.tables import connection, pending_authorization, refresh_attempt
from grantline.store.sql.connections import no_connection
from grantline.store.sql.journal import note
from grantline.store.sql.rows import to_record, to_row

# An attempt whose answer came after all, or that its own holder finishes late.
_TAKEN_FOR_LOST: Final = ("", "lost")
_NO_LEASE = {"lease_owner": None, "lease_until": None}


class Tokens(Database):
    """What happens to a token set from the consent on. Every write is a compare-and-swap."""

    def save_authorized(
        self,
        connection_id: str,
        generation: int,
        tokens: TokenColumns,
        health: Health,
        *,
        scopes: tuple[str, ...],
        event: Event,
    ) -> bool:
        """Replaces the tokens after a consent; False and nothing when the generation moved on."""
        held = connection.c
        values = to_row(tokens) | to_row(health)
        values |= {"scopes": scopes, "authorized_at": event.at, "updated_at": event.at}
        values["generation"] = held.generation + 1
        here = (held.id == connection_id, held.generation == generation)
        with self._write() as run:
            if not run.execute(update(connection).where(*here).values(values)).rowcount:
                _require(run, connection_id)
                return False
            note(run, event)
            return True

    def save_refreshed(
        self,
        lease: Lease,
        attempt: RefreshAttempt,
        tokens: TokenColumns,
        health: Health,
        event: Event,
    ) -> bool:
        """Law 6: tokens, generation + 1, attempt closed, lease released; or False and nothing."""
        held = connection.c
        here = (*_holding(lease), held.generation == attempt.generation)
        values = to_row(tokens) | to_row(health) | _NO_LEASE
        values["generation"] = held.generation + 1
        saved = update(connection).where(*here).values(values)
        with self._write() as run:
            if not run.execute(saved).rowcount:
                _require(run, lease.connection_id)
                return False
            run.execute(_closing(attempt.id, "saved", event.at, over=_TAKEN_FOR_LOST))
            note(run, event)
            _tell(run, lease.connection_id)
            return True

    def save_health(
        self, connection_id: str, generation: int, health: Health, event: Event | None
    ) -> bool:
        """Writes ``health`` while the generation is still this one; False otherwise."""
        held = connection.c
        here = (held.id == connection_id, held.generation == generation)
        due_at = case((held.due_at.is_not(None), literal(health.retry_at, Instant)), else_=None)
        values = to_row(health) | {"due_at": due_at}
        with self._write() as run:
            if not run.execute(update(connection).where(*here).values(values)).rowcount:
                _require(run, connection_id)
                return False
            if event is not None:
                note(run, event)
            return True

    def acquire_lease(
        self,
        connection_id: str,
        owner: str,
        generation: int,
        span: timedelta,
        *,
        over: int | None = None,
    ) -> Lease | None:
        """A lease, or None while another lives or the generation has moved on (law 5)."""
        held, now = connection.c, self._now()
        until = now + microseconds(span)
        is_free = or_(held.lease_until.is_(None), held.lease_until <= now)
        if over is not None:
            is_free = or_(is_free, held.lease_number == over)
        taken = (
            update(connection)
            .where(held.id == connection_id, held.generation == generation, is_free)
            .values(lease_owner=owner, lease_until=until, lease_number=held.lease_number + 1)
            .returning(held.lease_number, held.lease_until)
        )
        with self._write() as run:
            row = run.execute(taken).one_or_none()
            if row is not None:
                return Lease(
                    connection_id=connection_id,
                    owner=owner,
                    number=row.lease_number,
                    until=row.lease_until,
                )
            _require(run, connection_id)
            return None

    def release_lease(self, lease: Lease) -> None:
        """Ends ``lease`` when it is still the holder's; otherwise nothing."""
        with self._write() as run:
            if run.execute(update(connection).where(*_holding(lease)).values(_NO_LEASE)).rowcount:
                _tell(run, lease.connection_id)

    def listen(self, tell: Callable[[str], None]) -> Listening | None:
        """Calls ``tell`` with the id of each connection whose renewal has ended."""
        return Listening(self._engine, tell) if self._engine.name == "postgresql" else None

    def begin_attempt(self, attempt: RefreshAttempt) -> None:
        """Notes the intent to spend a refresh token, before the first byte is sent."""
        with self._write(orphan=no_connection()) as run:
            run.execute(insert(refresh_attempt).values(to_row(attempt)))

    def save_answer(self, attempt_id: str, sealed_answer: str) -> bool:
        """Keeps the server's answer before anyone judges it; False without such an attempt."""
        tried = refresh_attempt.c
        kept = update(refresh_attempt).where(
            tried.id == attempt_id, tried.outcome.in_(_TAKEN_FOR_LOST)
        )
        with self._write() as run:
            kept = kept.values(sealed_answer=sealed_answer, outcome="", closed_at=None)
            known = select(tried.id).where(tried.id == attempt_id)
            return bool(run.execute(kept).rowcount) or run.execute(known).first() is not None

    def close_attempt(self, attempt_id: str, outcome: str, closed_at: datetime) -> None:
        """Notes how an open attempt ended; closed and missing ones stay as they are."""
        with self._write() as run:
            run.execute(_closing(attempt_id, outcome, closed_at))

    def open_attempts(self, connection_id: str | None = None) -> Sequence[RefreshAttempt]:
        """Attempts without an outcome, oldest first; of one connection or of all."""
        tried = refresh_attempt.c
        query = select(refresh_attempt).where(tried.outcome == "")
        if connection_id is not None:
            query = query.where(tried.connection_id == connection_id)
        with self._read() as run:
            rows = run.execute(query.order_by(tried.started_at, tried.id)).mappings()
            return [to_record(RefreshAttempt, row) for row in rows]

    def closed_attempts(
        self, connection_id: str, generation: int, outcome: str
    ) -> Sequence[RefreshAttempt]:
        """The attempts to renew one token set that ended so, latest first."""
        tried = refresh_attempt.c
        query = select(refresh_attempt).where(
            tried.connection_id == connection_id,
            tried.generation == generation,
            tried.outcome == outcome,
        )
        with self._read() as run:
            rows = run.execute(query.order_by(tried.lease_number.desc())).mappings()
            return [to_record(RefreshAttempt, row) for row in rows]

    def count_due(self, at_most: int) -> int:
        """How many connections are due to be renewed in the background; counts no further."""
        due = select(literal(1)).where(connection.c.due_at <= self._now()).limit(at_most)
        with self._read() as run:
            return run.execute(select(func.count()).select_from(due.subquery())).scalar_one()

    def claim_due(self, limit: int, span: timedelta, *, but: Collection[str] = ()) -> Sequence[Due]:
        """Connections that are due, the most overdue first, for the caller alone."""
        held, now = connection.c, self._now()
        due = select(held.id).where(held.due_at <= now).order_by(held.due_at).limit(limit)
        if but:
            due = due.where(held.app_id.not_in(but))
        # Whoever claims at the same time passes over these rows instead of waiting for them.
        due = due.with_for_update(skip_locked=True)
        claimed = (
            update(connection)
            .where(held.id.in_(due))
            .values(due_at=now + microseconds(span))
            .returning(held.id, held.workspace, held.app_id, held.generation)
        )
        with self._write() as run:
            return [to_record(Due, row) for row in run.execute(claimed).mappings()]

    def add_pending(self, pending: PendingAuthorization, at_most: int) -> None:
        """Adds one; an owner's oldest beyond ``at_most`` are dropped."""
        begun = pending_authorization.c
        surplus = (
            select(begun.state_hash)
            .where(
                begun.workspace == pending.workspace,
                begun.owner == pending.owner,
                begun.state_hash != pending.state_hash,
            )
            .order_by(begun.created_at.desc(), begun.state_hash)
            .offset(at_most - 1)
        )
        with self._write(orphan=no_connection()) as run:
            run.execute(insert(pending_authorization).values(to_row(pending)))
            run.execute(delete(pending_authorization).where(begun.state_hash.in_(surplus)))

    def take_pending(self, state_hash: str, now: datetime) -> PendingAuthorization | None:
        """Law 7. The row as it was before; None when the state is unknown."""
        begun = pending_authorization.c
        unused = update(pending_authorization).where(
            begun.state_hash == state_hash, begun.used_at.is_(None)
        )
        with self._write() as run:
            taken = unused.values(used_at=now).returning(*begun)
            row = run.execute(taken).mappings().one_or_none()
            if row is not None:
                return replace(to_record(PendingAuthorization, row), used_at=None)
            known = select(pending_authorization).where(begun.state_hash == state_hash)
            row = run.execute(known).mappings().one_or_none()
            return None if row is None else to_record(PendingAuthorization, row)

    def find_pending(self, state_hash: str) -> PendingAuthorization | None:
        """The same row, left as it is."""
        begun = pending_authorization.c
        known = select(pending_authorization).where(begun.state_hash == state_hash)
        with self._read() as run:
            row = run.execute(known).mappings().one_or_none()
            return None if row is None else to_record(PendingAuthorization, row)

    def list_pending(
        self, workspace: str, owner: str, now: datetime
    ) -> Sequence[PendingAuthorization]:
        """The consents of one person that can still be answered, newest first."""
        begun = pending_authorization.c
        own = (begun.workspace == workspace, begun.owner == owner)
        waiting = (begun.used_at.is_(None), begun.expires_at > now)
        query = select(pending_authorization).where(*own, *waiting)
        with self._read() as run:
            rows = run.execute(query.order_by(begun.created_at.desc())).mappings()
            return [to_record(PendingAuthorization, row) for row in rows]


def _tell(run: Connection, connection_id: str) -> None:
    """Lets those who listen know, once this transaction is committed."""
    if run.dialect.name == "postgresql":
        run.execute(select(func.pg_notify(CHANNEL, connection_id)))


def _require(run: Connection, connection_id: str) -> None:
    """Tells a row that is gone (law 3) from one that has moved on."""
    if run.execute(select(connection.c.id).where(connection.c.id == connection_id)).first() is None:
        raise no_connection()


def _holding(lease: Lease) -> tuple[ColumnElement[bool], ...]:
    held = connection.c
    return (
        held.id == lease.connection_id,
        held.lease_owner == lease.owner,
        held.lease_number == lease.number,
    )


def _closing(
    attempt_id: str, outcome: str, closed_at: datetime, *, over: Collection[str] = ("",)
) -> Update:
    tried = refresh_attempt.c
    ended = update(refresh_attempt).where(tried.id == attempt_id, tried.outcome.in_(over))
    if outcome != "candidate":
        ended = ended.values(sealed_answer=None)
    return ended.values(outcome=outcome, closed_at=closed_at)

"""Runs of scenarios under way: who goes on with which, and what they have done.

A run is taken up, written to and let go by statements that name the state it must be in, so a
worker that was away for too long finds that it is in other hands (laws R1 to R3).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Subquery,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    text,
    type_coerce,
    update,
)

from grantline.store.database import Database, adding
from grantline.store.records.audit import Event
from grantline.store.records.runs import (
    CANCELLED,
    PARKED,
    RETRYING,
    RUNNING,
    WAITING,
    Advance,
    Advanced,
    NewRun,
    ScenarioRunRecord,
    WorkerSeen,
)
from grantline.store.schema.columns import Instant, microseconds
from grantline.store.schema.tables import connection, run_step, run_worker, scenario, scenario_run
from grantline.store.sql.journal import note
from grantline.store.sql.people import not_found
from grantline.store.sql.rows import to_record, to_row
from grantline.store.sql.scenario_runs import LISTED, NOTHING, insert_run

_held: Final = scenario_run.c
# Any number, as long as every version of Grantline locks the same one.
_CLAIMING: Final = text("SELECT pg_advisory_xact_lock(7136180447262)")
_SLEEPS: Final = and_(_held.state == WAITING, _held.wake_at.is_not(None))
_NO_ERROR: Final = {"error_code": "", "error_message": "", "error_hint": "", "error_path": ""}


class RunProgress(Database):
    """Taking runs up, going on with them, letting them go."""

    def claim_scenario_runs(
        self, worker: str, now: datetime, limit: int
    ) -> Sequence[ScenarioRunRecord]:
        """Takes up runs whose turn has come, in order, for the caller alone (R1, R2)."""
        turn = _turn(now)
        wanted = select(turn.c.id).order_by(turn.c.created_at, turn.c.id).limit(limit)
        return self._claim(worker, now, _held.id.in_(wanted))

    def claim_scenario_run(
        self, worker: str, now: datetime, run_id: str
    ) -> Sequence[ScenarioRunRecord]:
        """Takes up this run alone; none when its turn has not come, or it has ended (R1, R2)."""
        turn = _turn(now)
        wanted = select(turn.c.id).where(turn.c.id == run_id)
        return self._claim(worker, now, _held.id.in_(wanted))

    def has_due_runs(self, now: datetime) -> bool:
        """Whether some run may be taken up as far as the run itself is concerned."""
        with self._read() as work:
            return bool(work.execute(select(exists().where(_is_due(now)))).scalar_one())

    def _claim(
        self, worker: str, now: datetime, mine: ColumnElement[bool]
    ) -> list[ScenarioRunRecord]:
        # Most who ask find nothing, and need no lock for that.
        if not self.has_due_runs(now):
            return []
        taken = (
            update(scenario_run)
            .where(mine, _is_due(now))
            .values(
                state=RUNNING,
                worker=worker,
                leg=_held.leg + 1,
                revision=_held.revision + 1,
                started_at=func.coalesce(_held.started_at, literal(now, Instant)),
                wake_at=None,
                connection_id=None,
                **_NO_ERROR,
            )
        )
        with self._write() as work:
            # Who counts what goes on must be alone, or two of them would each take the last place.
            # SQLite has one writer at a time anyway.
            if work.dialect.name == "postgresql":
                work.execute(_CLAIMING)
            rows = work.execute(taken.returning(*LISTED)).mappings().all()
        found = [to_record(ScenarioRunRecord, row) for row in rows]
        return sorted(found, key=lambda each: (each.created_at, each.id))

    def advance_runs(self, advances: Sequence[Advance | NewRun]) -> Sequence[Advanced]:
        """Writes what workers have done, each or none of it (R1, R3), in one transaction."""
        with self._write() as work:
            writing = _Writing(work)
            told = [writing.write(each) for each in advances]
            writing.finish()
            return told

    def release_runs(self, worker: str, but: Collection[str] = ()) -> Sequence[tuple[str, int]]:
        """Lets go of what ``worker`` has in its hands; gives ids and legs."""
        released = update(scenario_run).where(_held.worker == worker, _held.state == RUNNING)
        if but:
            released = released.where(_held.id.not_in(but))
        released = released.values(state=WAITING, worker=None, revision=_held.revision + 1)
        with self._write() as work:
            rows = work.execute(released.returning(_held.id, _held.leg))
            return [(run_id, leg) for run_id, leg in rows]

    def runs_in_hand(self, worker: str) -> Sequence[tuple[str, bool]]:
        """The runs in the hands of ``worker``, and whether somebody wants them to end."""
        mine = (_held.state == RUNNING, _held.ended_at.is_(None), _held.worker == worker)
        with self._read() as work:
            rows = work.execute(select(_held.id, _held.is_cancelling).where(*mine))
            return [(run_id, is_cancelling) for run_id, is_cancelling in rows]

    def unpark_runs(self, usable: Collection[str]) -> Sequence[tuple[str, str]]:
        """Lets runs go on whose connection can be used again or is gone; workspaces and ids."""
        grant = connection.c
        same = (grant.workspace == _held.workspace, grant.id == _held.connection_id)
        works = (grant.state.in_(usable), grant.generation != _held.parked_generation)
        parked = and_(_held.state == PARKED, _held.ended_at.is_(None))
        may_go_on = or_(exists().where(*same, *works), ~exists().where(*same))
        with self._read() as work:
            found = work.execute(select(_held.id).where(parked, may_go_on)).scalars().all()
        if not found:
            return []
        freed = update(scenario_run).where(_held.id.in_(found), parked, may_go_on)
        freed = freed.values(state=WAITING, connection_id=None, revision=_held.revision + 1)
        with self._write() as work:
            rows = work.execute(freed.returning(_held.workspace, _held.id))
            return [(workspace, run_id) for workspace, run_id in rows]

    def ask_to_cancel(
        self, workspace: str, run_id: str, at: datetime, event: Event
    ) -> ScenarioRunRecord:
        """Ends a run that nobody goes on with, and marks one that somebody does."""
        own = (_held.workspace == workspace, _held.id == run_id, _held.ended_at.is_(None))
        again = {"revision": _held.revision + 1}
        idle = update(scenario_run).where(*own, _held.worker.is_(None))
        idle = idle.values(state=CANCELLED, ended_at=at, wake_at=None, connection_id=None, **again)
        busy = update(scenario_run).where(*own, _held.worker.is_not(None))
        busy = busy.values(is_cancelling=True, **again)
        with self._write() as work:
            if work.execute(idle).rowcount or work.execute(busy).rowcount:
                note(work, event)
            query = select(*LISTED).where(_held.workspace == workspace, _held.id == run_id)
            row = work.execute(query).mappings().one_or_none()
        if row is None:
            raise not_found("run")
        return to_record(ScenarioRunRecord, row)

    def beat(self, worker: str) -> None:
        """Notes that a worker is alive, by the database's clock."""
        seen = {"seen_at": self._now()}
        with self._write() as work:
            mine = update(run_worker).where(run_worker.c.id == worker)
            if not work.execute(mine.values(seen)).rowcount:
                work.execute(insert(run_worker).values(id=worker, **seen))

    def leave(self, worker: str) -> None:
        """Forgets a worker."""
        with self._write() as work:
            work.execute(delete(run_worker).where(run_worker.c.id == worker))

    def busy_workers(self) -> Sequence[WorkerSeen]:
        """The workers that have runs in their hands."""
        busy = select(_held.worker.label("id")).where(
            _held.state == RUNNING, _held.ended_at.is_(None)
        )
        named = busy.distinct().subquery()
        query = select(named.c.id, _age(self._now())).select_from(
            named.outerjoin(run_worker, run_worker.c.id == named.c.id)
        )
        with self._read() as work:
            return [
                WorkerSeen(id=name, silent_for=None if age is None else timedelta(microseconds=age))
                for name, age in work.execute(query)
            ]

    def drop_silent_workers(self, span: timedelta) -> None:
        """Forgets workers that were silent for longer than ``span`` and have nothing in hand."""
        busy = select(_held.worker).where(_held.state == RUNNING)
        silent = delete(run_worker).where(
            run_worker.c.seen_at < self._now() - microseconds(span), run_worker.c.id.not_in(busy)
        )
        with self._write() as work:
            work.execute(silent)


def _age(now: ColumnElement[int]) -> ColumnElement[int]:
    """How long a worker was silent, in microseconds."""
    return now - type_coerce(run_worker.c.seen_at, BigInteger)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """What may be taken up as far as the run itself is concerned."""
    is_awake = or_(_held.wake_at.is_(None), _held.wake_at <= now)
    return and_(_held.state.in_((WAITING, RETRYING)), _held.ended_at.is_(None), is_awake)


def _turn(now: datetime) -> Subquery:
    """The runs whose turn has come: due, and within what may go on at once of their scenario.

    One that sleeps holds its place: it goes on, only slowly.
    """
    kin = func.coalesce(_held.scenario_id, _held.id)
    goes_on = or_(_held.state == RUNNING, _SLEEPS)
    going = (
        select(kin.label("kin"), func.count().label("going"))
        .where(goes_on, _held.ended_at.is_(None))
        .group_by(kin)
        .subquery()
    )
    first_in = func.row_number().over(partition_by=kin, order_by=(_held.created_at, _held.id))
    # Of a scenario that was edited, what it allows now; of one that is gone, what it did.
    at_once = func.coalesce(scenario.c.at_once, _held.at_once)
    origin = and_(scenario.c.workspace == _held.workspace, scenario.c.id == _held.scenario_id)
    # What sleeps is ranked apart: it needs no place, for it has one.
    queue = (
        select(
            _held.id,
            _held.created_at,
            at_once.label("at_once"),
            kin.label("kin"),
            first_in.label("place"),
        )
        .select_from(scenario_run.outerjoin(scenario, origin))
        .where(_is_due(now), ~_SLEEPS)
        .subquery()
    )
    room = queue.c.at_once - func.coalesce(going.c.going, 0)
    fresh = (
        select(queue.c.id, queue.c.created_at)
        .select_from(queue.outerjoin(going, going.c.kin == queue.c.kin))
        .where(queue.c.place <= room)
    )
    slept = select(_held.id, _held.created_at).where(_is_due(now), _SLEEPS)
    return fresh.union_all(slept).subquery()


class _Writing:
    """One transaction with what several runs have done; steps are written together at its end."""

    def __init__(self, work: Connection) -> None:
        self._work = work
        self._new: list[dict[str, Any]] = []
        self._changed: list[dict[str, Any]] = []
        self._ended: list[dict[str, Any]] = []

    def write(self, write: Advance | NewRun) -> Advanced:
        """What becomes of one of them."""
        if isinstance(write, NewRun):
            insert_run(self._work, write)
            return Advanced(is_written=True)
        row = self._work.execute(*_advancing(write)).one_or_none()
        if row is None:
            return Advanced(is_written=False)
        for each in write.steps:
            values = to_row(each.step)
            if each.is_new:
                self._new.append(values | to_row(each.seals or NOTHING))
            elif each.seals is None:
                self._ended.append(_bound(values))
            else:
                self._changed.append(_bound(values | to_row(each.seals)))
        return Advanced(is_written=True, is_cancelling=row.is_cancelling)

    def finish(self) -> None:
        """Writes the steps."""
        # Whoever did not hear that it was written writes it again (the answer to COMMIT was lost).
        for statement, rows in (
            (adding(self._work, run_step), self._new),
            (_CHANGE_STEP, self._changed),
            (_END_STEP, self._ended),
        ):
            if rows:
                self._work.execute(statement, rows)


def _advancing(advance: Advance) -> tuple[Update, dict[str, Any]]:
    """The statement that changes the row of a run, and its values.

    There are few different ones, so that each is made, and read by the database's driver, once.
    """
    changes: dict[str, Any] = dict(advance.changes)
    if changes.get("state", RUNNING) != RUNNING:
        changes["worker"] = None
    held = {"b_run": advance.run_id, "b_worker": advance.worker, "b_leg": advance.leg}
    return _changing(tuple(sorted(changes))), _bound(changes) | held


@cache
def _changing(names: tuple[str, ...]) -> Update:
    mine = (
        _held.id == bindparam("b_run"),
        _held.worker == bindparam("b_worker"),
        _held.leg == bindparam("b_leg"),
        _held.state == RUNNING,
    )
    values: dict[str, ColumnElement[Any]] = {
        name: bindparam(f"v_{name}", type_=_held[name].type) for name in names
    }
    if "state" in values:
        # Whoever wanted it to end while it began to wait does not wait with it: it is due at once,
        # and ends with the leg that takes it up.
        given = values["state"]
        values["state"] = case((and_(_held.is_cancelling, given == PARKED), WAITING), else_=given)
        if "wake_at" in values:
            values["wake_at"] = case((_held.is_cancelling, null()), else_=values["wake_at"])
    changed = update(scenario_run).where(*mine)
    return changed.values(**values, revision=_held.revision + 1).returning(_held.is_cancelling)


def _bound(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"v_{name}": value for name, value in values.items()}


def _step_update(*, with_seals: bool) -> Update:
    values = {
        each.name: bindparam(f"v_{each.name}", type_=each.type)
        for each in run_step.c
        if with_seals or not each.name.startswith("sealed_")
    }
    return update(run_step).where(run_step.c.id == values["id"]).values(values)


_CHANGE_STEP: Final = _step_update(with_seals=True)
_END_STEP: Final = _step_update(with_seals=False)

"""Runs of scenarios, as people look at them: kept, listed, shown step by step, dropped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from grantline.errors import InvalidInput
from grantline.store.database import Database, add_unless_there, adding
from grantline.store.records.audit import Event
from grantline.store.records.page import Page
from grantline.store.records.runs import (
    SUCCEEDED,
    NewRun,
    RunSeals,
    RunStepRecord,
    ScenarioRunRecord,
    StepSeals,
    StepWrite,
)
from grantline.store.schema.tables import run_step, scenario, scenario_run
from grantline.store.sql.journal import note
from grantline.store.sql.paging import contains, page_of
from grantline.store.sql.people import not_found
from grantline.store.sql.rows import to_record, to_row

LISTED: Final = [each for each in scenario_run.c if not each.name.startswith("sealed_")]
_STEP: Final = [each for each in run_step.c if not each.name.startswith("sealed_")]
NOTHING: Final = StepSeals()
# A picker shows what came last; nobody needs it from further back.
LATEST_RUNS: Final = 30
# SQLite takes so many values in one statement at the least.
_AT_A_TIME: Final = 500


class ScenarioRuns(Database):
    """What was run, and what came of it."""

    def add_scenario_run(
        self,
        run: ScenarioRunRecord,
        seals: RunSeals,
        steps: Sequence[StepWrite] = (),
        event: Event | None = None,
    ) -> bool:
        """Adds a run, unless one was started for the same, and what it has of another run."""
        with self._write() as work:
            if not add_unless_there(work, scenario_run, to_row(run) | to_row(seals)):
                return False
            insert_steps(work, steps)
            if event is not None:
                note(work, event)
            return True

    def find_run_started_once(
        self, workspace: str, scenario_id: str, once: str
    ) -> ScenarioRunRecord | None:
        """The run of this scenario that was started for ``once``."""
        held = scenario_run.c
        own = (held.workspace == workspace, held.scenario_id == scenario_id, held.once == once)
        with self._read() as work:
            row = work.execute(select(*LISTED).where(*own, held.once != "")).mappings().first()
        return None if row is None else to_record(ScenarioRunRecord, row)

    def load_scenario_run(self, workspace: str, run_id: str) -> ScenarioRunRecord:
        """The run of this id."""
        return to_record(ScenarioRunRecord, self._row(workspace, run_id, *LISTED))

    def load_run_seals(self, workspace: str, run_id: str) -> RunSeals:
        """What is sealed beside it."""
        held = scenario_run.c
        sealed = (held.sealed_definition, held.sealed_input, held.sealed_response)
        return to_record(RunSeals, self._row(workspace, run_id, *sealed))

    def run_revision(self, workspace: str, run_id: str) -> tuple[str, int]:
        """State and revision of a run."""
        row = self._row(workspace, run_id, scenario_run.c.state, scenario_run.c.revision)
        return row["state"], row["revision"]

    def page_scenario_runs(
        self,
        workspace: str,
        *,
        scenario_id: str | None = None,
        states: Collection[str] = (),
        cause: str | None = None,
        connection_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        query: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ScenarioRunRecord]:
        """Runs, newest first, those that fit every filter given."""
        held = scenario_run.c
        filters = [held.workspace == workspace]
        if scenario_id is not None:
            filters.append(held.scenario_id == scenario_id)
        if states:
            filters.append(held.state.in_(states))
        if cause is not None:
            filters.append(held.cause == cause)
        if connection_id is not None:
            filters.append(held.connection_id == connection_id)
        if since is not None:
            filters.append(held.created_at >= since)
        if until is not None:
            filters.append(held.created_at < until)
        if query:
            looked = (held.scenario_name, held.error_code, held.error_message, held.id)
            filters.append(contains(query, *looked))
        newest_first = (held.created_at.desc(), held.id.desc())
        wanted = select(held.id).where(*filters).order_by(*newest_first)
        with self._read() as work:
            ids, total = page_of(work, wanted, offset, limit)
            shown = select(*LISTED).where(held.id.in_(ids)).order_by(*newest_first)
            rows = work.execute(shown).mappings()
            return Page(tuple(to_record(ScenarioRunRecord, row) for row in rows), total)

    def unended_runs(self, run_ids: Collection[str]) -> Collection[str]:
        """Those of these runs that have not ended."""
        held, wanted, found = scenario_run.c, list(run_ids), set[str]()
        with self._read() as work:
            for first in range(0, len(wanted), _AT_A_TIME):
                some = (held.id.in_(wanted[first : first + _AT_A_TIME]), held.ended_at.is_(None))
                found.update(work.scalars(select(held.id).where(*some)))
        return found

    def delete_scenario_run(self, workspace: str, run_id: str) -> None:
        """Removes a run that has ended, and its steps."""
        held = scenario_run.c
        own = (held.workspace == workspace, held.id == run_id)
        with self._write() as work:
            if work.execute(delete(scenario_run).where(*own, held.ended_at.is_not(None))).rowcount:
                return
            if work.execute(select(held.id).where(*own)).first() is None:
                raise not_found("run")
        raise InvalidInput("This run has not ended.", field="run", hint="Cancel it first.")

    def list_run_steps(self, workspace: str, run_id: str) -> Sequence[RunStepRecord]:
        """Every step of a run, in order."""
        made = run_step.c
        own = (made.workspace == workspace, made.run_id == run_id)
        query = select(*_STEP).where(*own).order_by(made.seq, made.path)
        with self._read() as work:
            return [to_record(RunStepRecord, row) for row in work.execute(query).mappings()]

    def page_run_steps(
        self, workspace: str, run_id: str, *, offset: int = 0, limit: int = 50
    ) -> Page[RunStepRecord]:
        """Some steps of a run, in order."""
        made = run_step.c
        own = (made.workspace == workspace, made.run_id == run_id)
        in_order = (made.seq, made.path)
        wanted = select(made.id).where(*own).order_by(*in_order)
        with self._read() as work:
            ids, total = page_of(work, wanted, offset, limit)
            shown = select(*_STEP).where(made.id.in_(ids)).order_by(*in_order)
            rows = work.execute(shown).mappings()
            return Page(tuple(to_record(RunStepRecord, row) for row in rows), total)

    def last_run_step(self, workspace: str, run_id: str) -> tuple[RunStepRecord, StepSeals] | None:
        """The last step that succeeded of those that are carried out once for the whole run."""
        made = run_step.c
        whole = (made.state == "succeeded", made.path.not_like("%/%"))
        last = select(run_step).where(made.workspace == workspace, made.run_id == run_id, *whole)
        with self._read() as work:
            row = work.execute(last.order_by(made.seq.desc()).limit(1)).mappings().one_or_none()
        return None if row is None else (to_record(RunStepRecord, row), to_record(StepSeals, row))

    def load_run_step(
        self, workspace: str, run_id: str, path: str
    ) -> tuple[RunStepRecord, StepSeals]:
        """One step, and what is sealed beside it."""
        made = run_step.c
        own = (made.workspace == workspace, made.run_id == run_id, made.path == path)
        with self._read() as work:
            row = work.execute(select(run_step).where(*own)).mappings().one_or_none()
        if row is None:
            raise not_found("step of this run")
        return to_record(RunStepRecord, row), to_record(StepSeals, row)

    def load_outputs(
        self, workspace: str, run_id: str, paths: Collection[str]
    ) -> dict[str, tuple[str, str]]:
        """Row id and sealed output of those of these steps that have one, by path."""
        made, wanted = run_step.c, list(paths)
        own = (made.workspace == workspace, made.run_id == run_id, made.sealed_output.is_not(None))
        found: dict[str, tuple[str, str]] = {}
        with self._read() as work:
            for first in range(0, len(wanted), _AT_A_TIME):
                some = made.path.in_(wanted[first : first + _AT_A_TIME])
                query = select(made.path, made.id, made.sealed_output).where(*own, some)
                found |= {path: (row, sealed) for path, row, sealed in work.execute(query)}
        return found

    def latest_scenario_runs(
        self, workspace: str, scenario_ids: Collection[str]
    ) -> Sequence[ScenarioRunRecord]:
        """The latest run of each of these scenarios that has one, in no order."""
        held = scenario_run.alias().c
        # One look into the index for each scenario, however many runs it has.
        latest = (
            select(held.id)
            .where(held.workspace == workspace, held.scenario_id == scenario.c.id)
            .order_by(held.created_at.desc(), held.id.desc())
            .limit(1)
            .scalar_subquery()
        )
        own = (scenario.c.workspace == workspace, scenario.c.id.in_(scenario_ids))
        wanted = select(*LISTED).where(scenario_run.c.id.in_(select(latest).where(*own)))
        with self._read() as work:
            rows = work.execute(wanted).mappings()
            return [to_record(ScenarioRunRecord, row) for row in rows]

    def latest_run_step(
        self, workspace: str, scenario_id: str, module_id: int
    ) -> tuple[RunStepRecord, StepSeals] | None:
        """The last time that a module of a scenario succeeded, in one of its latest runs."""
        held, made = scenario_run.c, run_step.c
        latest = (
            select(held.id)
            .where(held.workspace == workspace, held.scenario_id == scenario_id)
            .order_by(held.created_at.desc(), held.id.desc())
            .limit(LATEST_RUNS)
        )
        query = (
            select(run_step)
            .where(
                made.run_id.in_(latest.scalar_subquery()),
                made.module_id == module_id,
                made.state == SUCCEEDED,
            )
            .order_by(made.ended_at.desc(), made.seq.desc())
            .limit(1)
        )
        with self._read() as work:
            row = work.execute(query).mappings().one_or_none()
        return None if row is None else (to_record(RunStepRecord, row), to_record(StepSeals, row))

    def _row(self, workspace: str, run_id: str, *columns: Any) -> Any:
        own = (scenario_run.c.workspace == workspace, scenario_run.c.id == run_id)
        with self._read() as work:
            row = work.execute(select(*columns).where(*own)).mappings().one_or_none()
        if row is None:
            raise not_found("run")
        return row


def insert_run(work: Connection, new: NewRun) -> None:
    """Adds the row of a run, and those of its steps, unless that was done before."""
    work.execute(adding(work, scenario_run), to_row(new.run) | to_row(new.seals))
    insert_steps(work, new.steps)


def insert_steps(work: Connection, steps: Sequence[StepWrite]) -> None:
    """Adds the rows of these steps."""
    if steps:
        work.execute(
            adding(work, run_step),
            [to_row(each.step) | to_row(each.seals or NOTHING) for each in steps],
        )

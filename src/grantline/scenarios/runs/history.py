"""Looking at runs: lists, one run, its steps, and what went in and came out of each, masked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from grantline.calls.structures.json_values import load_json
from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.scenarios.modules.files import Files
from grantline.scenarios.modules.outcome import Answer
from grantline.scenarios.runs.masking import masked_bundle, redactor_of_run
from grantline.scenarios.runs.run import (
    Cause,
    RunDetail,
    RunState,
    RunStep,
    ScenarioRun,
    StepDetail,
    StepState,
    run_of,
    step_of,
)
from grantline.scenarios.runs.sealed_run import Read, Seals
from grantline.store.records.page import Page
from grantline.store.records.runs import RunStepRecord, StepSeals

_UNSUCCESSFUL: Final = (StepState.FAILED, StepState.IGNORED)


class RunHistory:
    """The runs of scenarios, as people look at them."""

    def __init__(self, engine: Engine, files: Path) -> None:
        """Args: ``files`` is the folder for files of this installation."""
        self._engine = engine
        self._context = engine.context
        self._files = files

    async def page(
        self,
        actor: Actor,
        *,
        scenario_id: str | None = None,
        state: RunState | Collection[RunState] | None = None,
        cause: Cause | None = None,
        connection_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        query: str = "",
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ScenarioRun]:
        """Runs, newest first, those that fit every filter given.

        Args:
            actor: Who looks.
            scenario_id: Only runs of this scenario.
            state: Only those in this state, or in one of these.
            cause: Only those started so.
            connection_id: Only those parked on this connection.
            since: Only those started then or later.
            until: Only those started before.
            query: In the scenario's name, the error or the id.
            offset: How many to pass over.
            limit: How many to give.
        """
        states = (state,) if isinstance(state, RunState) else tuple(state or ())
        found = await self._context.stored(
            self._context.store.page_scenario_runs,
            actor.workspace,
            scenario_id=scenario_id,
            states=[each.value for each in states],
            cause=cause.value if cause is not None else None,
            connection_id=connection_id,
            since=since,
            until=until,
            query=query.strip(),
            offset=offset,
            limit=limit,
        )
        return Page(tuple(run_of(each) for each in found.rows), found.total)

    async def find(self, actor: Actor, run_id: str) -> ScenarioRun:
        """The run of this id; raises ``NotFound``."""
        store = self._context.store
        return run_of(await self._context.stored(store.load_scenario_run, actor.workspace, run_id))

    async def detail(self, actor: Actor, run_id: str) -> RunDetail:
        """The run with the scenario it was started with, and what it was given."""
        context, store = self._context, self._context.store
        run = await self.find(actor, run_id)
        seals = await context.stored(store.load_run_seals, actor.workspace, run_id)
        opening = Seals(context.vault, actor.workspace)
        given = opening.open_given(run_id, seals)
        return RunDetail(
            run=run,
            scenario=opening.open_definition(run_id, seals),
            inputs=given.inputs,
            trigger=given.trigger,
        )

    async def steps(self, actor: Actor, run_id: str) -> tuple[RunStep, ...]:
        """The steps of a run, in order; raises ``NotFound``."""
        store = self._context.store
        await self._context.stored(store.run_revision, actor.workspace, run_id)
        rows = await self._context.stored(store.list_run_steps, actor.workspace, run_id)
        return tuple(step_of(each) for each in rows)

    async def steps_page(
        self, actor: Actor, run_id: str, *, offset: int = 0, limit: int = 50
    ) -> Page[RunStep]:
        """Some of the steps of a run, in order; raises ``NotFound``."""
        store = self._context.store
        await self._context.stored(store.run_revision, actor.workspace, run_id)
        found = await self._context.stored(
            store.page_run_steps, actor.workspace, run_id, offset=offset, limit=limit
        )
        return Page(tuple(step_of(each) for each in found.rows), found.total)

    async def last_step(self, actor: Actor, run_id: str) -> StepDetail | None:
        """The last step that succeeded of those carried out once for the whole run.

        With its bundles as they came: what a scenario hands to a program is not masked.
        """
        store = self._context.store
        found = await self._context.stored(store.last_run_step, actor.workspace, run_id)
        return None if found is None else self._opened(actor, *found, load_json)

    async def step(self, actor: Actor, run_id: str, path: str) -> StepDetail:
        """One step with its bundles, secrets masked; raises ``NotFound``."""
        store = self._context.store
        row, seals = await self._context.stored(store.load_run_step, actor.workspace, run_id, path)
        return await self._shown(actor, row, seals)

    async def answer(self, actor: Actor, run_id: str) -> Answer | None:
        """What a Respond module of the run answered, as soon as it has."""
        context = self._context
        seals = await context.stored(context.store.load_run_seals, actor.workspace, run_id)
        return Seals(context.vault, actor.workspace).open_answer(run_id, seals)

    async def latest(self, actor: Actor, scenario_ids: Collection[str]) -> dict[str, ScenarioRun]:
        """The latest run of each of these scenarios that has one, by its id."""
        store = self._context.store
        found = await self._context.stored(
            store.latest_scenario_runs, actor.workspace, scenario_ids
        )
        return {each.scenario_id: run_of(each) for each in found if each.scenario_id}

    async def last_output(
        self, actor: Actor, scenario_id: str, module_id: int
    ) -> StepDetail | None:
        """The last step of this module that succeeded, in one of the latest runs; or None.

        With its bundles, secrets masked.
        """
        store = self._context.store
        found = await self._context.stored(
            store.latest_run_step, actor.workspace, scenario_id, module_id
        )
        return None if found is None else await self._shown(actor, *found)

    async def delete(self, actor: Actor, run_id: str) -> None:
        """Takes a run that has ended out of the history, with the files that were its own.

        Raises:
            NotFound: There is none of this id.
            InvalidInput: It has not ended.
        """
        store = self._context.store
        await self._context.stored(store.delete_scenario_run, actor.workspace, run_id)
        await self._remove_files(actor, run_id)

    async def _remove_files(self, actor: Actor, run_id: str) -> None:
        """Removes what was kept only as long as the run, which nobody goes on with."""
        files = Files(self._files, actor.workspace)
        await self._context.stored(files.remove_run, run_id)

    async def _shown(self, actor: Actor, row: RunStepRecord, sealed: StepSeals) -> StepDetail:
        scenario = (await self.detail(actor, row.run_id)).scenario
        redactor = await redactor_of_run(self._engine, actor, scenario)
        # Bundles may have megabytes, and others are not to wait for that.
        read = partial(masked_bundle, redactor=redactor)
        return await asyncio.to_thread(self._opened, actor, row, sealed, read)

    def _opened(
        self, actor: Actor, row: RunStepRecord, sealed: StepSeals, read: Read
    ) -> StepDetail:
        opening = Seals(self._context.vault, actor.workspace)
        output: Any = opening.open_output(row.id, sealed.sealed_output, read)
        failure = None
        if row.state in _UNSUCCESSFUL:
            failure, output = (output or {}).get("failure"), None
        return StepDetail(
            step=step_of(row),
            input=opening.open_input(row.id, sealed.sealed_input, read),
            output=output,
            failure=failure,
        )

"""The runs of scenarios: started, watched, cancelled, repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Protocol

from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.connections.settings import Settings
from grantline.errors import InvalidInput, NotFound, Quarantined
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.modules.carry_out import carry_out
from grantline.scenarios.runs.bench import CarryOut, Workshop
from grantline.scenarios.runs.durable import Durable
from grantline.scenarios.runs.ending import storable
from grantline.scenarios.runs.history import RunHistory
from grantline.scenarios.runs.journal import Journal
from grantline.scenarios.runs.run import Cause, RunState, ScenarioRun, run_of
from grantline.scenarios.runs.sealed_run import Given, Seals
from grantline.scenarios.runs.step_rows import FINISHED
from grantline.scenarios.runs.workers import PATIENCE, Workers, worker_name
from grantline.store.records.runs import WAITING, NewRun, ScenarioRunRecord, StepSeals, StepWrite

# How often a run that another process goes on with is looked at.
LOOK_EVERY: Final = timedelta(seconds=1)
_COPIED_AT_A_TIME: Final = 200


class Shelf(Protocol):
    """Where kept scenarios are found."""

    async def find(self, actor: Actor, name: str) -> KeptScenario:
        """The scenario with this name or id; raises ``NotFound``."""
        ...

    async def ready(self, actor: Actor, scenario: Scenario) -> Scenario:
        """``scenario`` with ids for all it names; raises ``ScenarioNotReady``."""
        ...


class ScenarioRuns(RunHistory):
    """Runs as the faces use them.

    Attributes:
        durable: What carries legs and schedules; None in a process that does not serve.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        shelf: Shelf,
        *,
        serves: bool,
        carry_out: CarryOut = carry_out,
    ) -> None:
        """Runs on ``engine``.

        Args:
            engine: Through which modules make their requests.
            settings: Of this installation.
            shelf: Where kept scenarios are found.
            carry_out: Carries out one module.
            serves: Whether this process goes on with runs that others have started.
        """
        super().__init__(engine, settings.files)
        self._shelf = shelf
        name = worker_name(engine.context.entropy)
        self._journal = Journal(engine.context)
        shop = Workshop(
            engine=engine, journal=self._journal, files=settings.files, carry_out=carry_out
        )
        self.durable = Durable(settings, name) if serves else None
        self._workers = Workers(
            shop, settings.data_dir, durable=self.durable, serves=serves, name=name
        )

    def open(self) -> None:
        """Begins to go on with runs."""
        self._workers.start()

    async def aclose(self) -> None:
        """Lets modules under way finish for some seconds; the rest goes on elsewhere, or later."""
        await self._workers.close()
        await self._journal.aclose(PATIENCE)
        if self.durable is not None:
            await self.durable.close()

    async def start(
        self,
        actor: Actor,
        scenario_id: str,
        inputs: Mapping[str, Any] | None = None,
        cause: Cause = Cause.BY_HAND,
        *,
        trigger: Mapping[str, Any] | None = None,
    ) -> ScenarioRun:
        """A run of a kept scenario that has begun, or waits for its turn.

        Args:
            actor: As whom its requests are made.
            scenario_id: Its id or name.
            inputs: Values for its inputs.
            cause: What starts it.
            trigger: What the webhook or the clock brought.

        Raises:
            NotFound: There is none of this name.
            ScenarioNotReady: It cannot run as it is; holds every problem.
            InvalidInput: An input is missing, or unknown.
            Quarantined: This database may be a copy: nothing runs here.
        """
        kept = await self._shelf.find(actor, scenario_id)
        scenario = await self._shelf.ready(actor, kept.scenario)
        return await self.start_run(
            actor, scenario, scenario_id=kept.id, inputs=inputs, cause=cause, trigger=trigger
        )

    async def start_file(
        self, actor: Actor, scenario: Scenario, inputs: Mapping[str, Any] | None = None
    ) -> ScenarioRun:
        """A run of a scenario that is not kept, such as one from a file. Raises as ``start``."""
        ready = await self._shelf.ready(actor, scenario)
        return await self.start_run(actor, ready, inputs=inputs)

    async def start_run(
        self,
        actor: Actor,
        scenario: Scenario,
        *,
        scenario_id: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        trigger: Mapping[str, Any] | None = None,
        cause: Cause = Cause.BY_HAND,
        run_id: str | None = None,
        once: str = "",
    ) -> ScenarioRun:
        """A run of ``scenario`` that has begun, or waits for its turn.

        Args:
            actor: As whom its requests are made.
            scenario: As it is carried out, whatever becomes of it meanwhile.
            scenario_id: None for one that is not kept.
            inputs: Values for the inputs of the scenario.
            trigger: What the webhook or the clock brought.
            cause: What starts it.
            run_id: Its id, for who must not start the same run twice.
            once: What it is started for, where that starts one run of this scenario ever, such as
                an instant of its schedule: the run that was started for it is given then.

        Raises:
            InvalidInput: An input is missing, or unknown.
            Quarantined: This database may be a copy: nothing runs here.
            LimitExceeded: What it is given is too large.
        """
        context = self._context
        await self._check_no_copy(scenario.name)
        given = Given(inputs=given_inputs(scenario, inputs or {}), trigger=trigger or {})
        record = ScenarioRunRecord(
            id=run_id or context.new_id("srn"),
            workspace=actor.workspace,
            owner=actor.user,
            scenario_id=scenario_id,
            scenario_name=storable(scenario.name),
            cause=cause.value,
            state=WAITING,
            at_once=scenario.bounds.at_once,
            created_at=context.mark(),
            once=once,
        )
        seals = Seals(context.vault, actor.workspace).seal_run(record.id, scenario, given)
        if not once:
            await self._journal.write(NewRun(run=record, seals=seals))
        elif not await context.stored(context.store.add_scenario_run, record, seals):
            found = await context.stored(
                context.store.find_run_started_once, actor.workspace, scenario_id or "", once
            )
            if found is not None:
                return run_of(found)
        self._workers.started(actor.workspace, record.id)
        return run_of(record)

    async def rerun(
        self, actor: Actor, run_id: str, *, from_step: str | None = None
    ) -> ScenarioRun:
        """A new run of what a run was started with, from one of its steps on.

        What finished before that step is taken over and not carried out again.

        Args:
            actor: As whom.
            run_id: Of the run to repeat.
            from_step: The path of a step; None begins at the beginning.

        Raises:
            NotFound: There is no such run or step.
            Quarantined: This database may be a copy: nothing runs here.
        """
        context, store = self._context, self._context.store
        old = await context.stored(store.load_scenario_run, actor.workspace, run_id)
        await self._check_no_copy(old.scenario_name)
        sealed = await context.stored(store.load_run_seals, actor.workspace, run_id)
        seals = Seals(context.vault, actor.workspace)
        record = ScenarioRunRecord(
            id=context.new_id("srn"),
            workspace=actor.workspace,
            owner=actor.user,
            scenario_id=old.scenario_id,
            scenario_name=old.scenario_name,
            cause=Cause.RERUN.value,
            state=WAITING,
            at_once=old.at_once,
            created_at=context.mark(),
            origin_run_id=run_id,
            origin_path=from_step or "",
        )
        steps = await self._taken_over(seals, record, from_step) if from_step else ()
        new = seals.seal_run(
            record.id, seals.open_definition(run_id, sealed), seals.open_given(run_id, sealed)
        )
        await self._journal.write(NewRun(run=record, seals=new, steps=steps))
        self._workers.started(actor.workspace, record.id)
        return run_of(record)

    async def _taken_over(
        self, seals: Seals, record: ScenarioRunRecord, from_step: str
    ) -> tuple[StepWrite, ...]:
        """The steps that had finished before ``from_step`` was begun, sealed for the new run."""
        context, store = self._context, self._context.store
        old_id = record.origin_run_id or ""
        rows = await context.stored(store.list_run_steps, record.workspace, old_id)
        until = next((each.seq for each in rows if each.path == from_step), None)
        if until is None:
            raise NotFound(
                f"The run has no step {from_step}.", hint="Choose one that was carried out."
            )
        wanted = [each for each in rows if each.seq < until and each.state in FINISHED]
        taken: list[StepWrite] = []
        for first in range(0, len(wanted), _COPIED_AT_A_TIME):
            some = wanted[first : first + _COPIED_AT_A_TIME]
            found = await context.stored(
                store.load_outputs, record.workspace, old_id, [each.path for each in some]
            )
            for each in some:
                row = replace(each, id=context.new_id("stp"), run_id=record.id)
                kept = None
                if each.path in found:
                    kept = seals.seal_output(row.id, seals.open_output(*found[each.path])).text
                row = replace(row, input_size=0)
                taken.append(StepWrite(step=row, seals=StepSeals(sealed_output=kept), is_new=True))
        return tuple(taken)

    async def cancel(self, actor: Actor, run_id: str) -> ScenarioRun:
        """The run, cancelled; one that is being carried out ends with the request under way.

        Cancelling what has ended changes nothing.
        """
        context = self._context
        event = context.event(actor, "scenario.run_cancelled", run_id)
        record = await context.stored(
            context.store.ask_to_cancel, actor.workspace, run_id, context.clock.now(), event
        )
        if record.ended_at is not None:
            # Nobody goes on with it, so nobody else removes what it kept.
            await self._remove_files(actor, run_id)
        self._journal.tell(run_id)
        self._workers.cancel(run_id)
        self._workers.wake()
        return run_of(record)

    async def wait(self, actor: Actor, run_id: str) -> ScenarioRun:
        """The run once it has ended, or is parked until a person authorizes its connection."""
        async for run in self.changes(actor, run_id):
            if run.state.has_ended or run.state is RunState.PARKED:
                return run
        return await self.find(actor, run_id)

    async def changes(self, actor: Actor, run_id: str) -> AsyncGenerator[ScenarioRun]:
        """The run as it is, then again after each change, until it has ended.

        Changes that come close together may be told as one. Raises ``NotFound``.
        """
        changed = asyncio.Event()
        end = self._journal.watch(run_id, changed.set)
        store, seen = self._context.store, -1
        try:
            while True:
                changed.clear()
                _, revision = await self._context.stored(
                    store.run_revision, actor.workspace, run_id
                )
                if revision != seen:
                    run = await self.find(actor, run_id)
                    seen = run.revision
                    yield run
                    if run.state.has_ended:
                        return
                # ``wait_for`` would take a cancellation that comes together with a change for it.
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                        await changed.wait()
        finally:
            end()

    async def _check_no_copy(self, name: str) -> None:
        quarantine = await self._context.quarantined()
        if quarantine is not None:
            raise Quarantined(
                f"“{name}” is not run here: {quarantine.reason}",
                hint=f"If no other copy of this database is in use, run: {quarantine.resume_with}",
            )


def given_inputs(scenario: Scenario, given: Mapping[str, Any]) -> dict[str, Any]:
    """A value for each input of ``scenario``: given, or its default.

    Raises:
        InvalidInput: One that is required is missing, or one is given that there is not.
    """
    known = {each.name: each for each in scenario.inputs}
    for name in given:
        if name not in known:
            there = ", ".join(known) or "none"
            raise InvalidInput(
                f"The scenario has no input {name}.",
                field=f"inputs.{name}",
                hint=f"Its inputs: {there}.",
            )
    for name, each in known.items():
        if each.is_required and name not in given:
            raise InvalidInput(
                f"The input {name} is missing.",
                field=f"inputs.{name}",
                hint=each.note or "Give it a value.",
            )
    return {name: given.get(name, each.default) for name, each in known.items()}

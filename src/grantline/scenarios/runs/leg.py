"""Going on with one run: from its rows, module by module, until it ends or has to wait.

A leg begins by reading what was done. The walk is led past every step that has finished, which is
not repeated; the first that has not is carried out. Before a module that reaches outside is
carried out its row says so, and its outcome is committed together with the beginning of the next:
one transaction for each such module.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from grantline.calls.expressions import is_true
from grantline.errors import GrantlineError, LimitExceeded
from grantline.scenarios.definition.modules import (
    Aggregate,
    Iterate,
    Module,
    Respond,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.mapping.beside import beside
from grantline.scenarios.modules.outcome import Outcome
from grantline.scenarios.runs.bench import Bench
from grantline.scenarios.runs.blocks import plan_of
from grantline.scenarios.runs.budget import Budget, begun_too_often
from grantline.scenarios.runs.ending import Ending, cancelled, failed, slept
from grantline.scenarios.runs.error_handling import ErrorHandling
from grantline.scenarios.runs.execution import LONGEST_NAP, Execution, Stop
from grantline.scenarios.runs.namespace import Namespace
from grantline.scenarios.runs.run import StepState
from grantline.scenarios.runs.sealed_run import Given
from grantline.scenarios.runs.step_rows import FINISHED, StepRows
from grantline.scenarios.runs.walk import Act, Done, Held, Walk, decided
from grantline.store.records.runs import SUCCEEDED, WAITING, RunStepRecord, ScenarioRunRecord

YIELD_AFTER: Final = 50
MOST_PENDING: Final = 200
MOST_PENDING_BYTES: Final = 4 * 1024 * 1024
# These reach for nothing: their rows are written with those of the next module that does.
_INSIDE: Final = (Iterate, Router, SetVariables, Aggregate, Respond)


class Leg:
    """One worker's going on with one run."""

    def __init__(
        self,
        bench: Bench,
        record: ScenarioRunRecord,
        scenario: Scenario,
        given: Given,
        rows: StepRows,
    ) -> None:
        """A leg of the run ``record``, which is in the hands of its worker."""
        self._bench = bench
        self._rows = rows
        self._steps = Walk(scenario).steps()
        self._budget = Budget(record, scenario.bounds, bench.context.clock.elapsed)
        self._namespace = Namespace(record, given, rows, plan_of(scenario).mentions)
        self._execution = Execution(bench, rows, self._budget, self._namespace)
        self._errors = ErrorHandling(bench, rows, self._namespace)
        if record.is_cancelling:
            self._execution.stop = Stop.CANCEL
        self._act: Act | None = None
        self._begun: tuple[Act, RunStepRecord, Mapping[str, Any]] | None = None
        self._changes: dict[str, Any] = {}
        self._is_started = False
        self._ending: Ending | None = None

    def stop(self, why: Stop) -> None:
        """Ends the leg at the next step, and the request under way at once."""
        if self._execution.stop is None:
            self._execution.stop = why
        self._execution.interrupt()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done on this leg."""
        return self._ending is not None or self.is_lost

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended with this leg."""
        return self._ending is not None and self._ending.is_final and not self.is_lost

    @property
    def is_lost(self) -> bool:
        """Whether the run is in other hands."""
        return self._execution.stop is Stop.LOST

    def ask_to_release(self) -> None:
        """Ends the leg once the module under way has finished."""
        if self._execution.stop is None:
            self._execution.stop = Stop.RELEASE

    async def forward(self) -> str | None:
        """Carries out the module that was begun, and begins the next: its path.

        None when the leg is over: the run has ended, waits, or is in other hands.
        """
        if not self._is_started:
            self._is_started = True
            self._advance(None)
        if self._begun is not None:
            act, row, names = self._begun
            self._begun = None
            done = await self._carried(act, row, names)
            if done is not None:
                self._advance(done)
        await self._begin_next()
        if not self.is_lost:
            await self._flush()
        return self._next_path()

    def _next_path(self) -> str | None:
        return self._begun[0].path if self._begun is not None and not self.is_over else None

    async def _begin_next(self) -> None:
        passed = 0
        while self._ending is None and self._begun is None and not self.is_lost:
            if (act := self._act) is None:
                self._ending = Ending(state=SUCCEEDED)
                return
            done = await self._told(act)
            if done is None:
                if self._execution.stop is Stop.CANCEL:
                    self._ending = cancelled()
                    return
                if self._execution.stop is Stop.RELEASE:
                    self._ending = Ending(state=WAITING)
                    return
                done = await self._tried(act)
            if done is not None:
                self._advance(done)
            passed += 1
            if passed % YIELD_AFTER == 0:
                # Long lists are gone through in pieces, so that others get their turn.
                await asyncio.sleep(0)
            if self._rows.pending >= MOST_PENDING or self._rows.pending_bytes > MOST_PENDING_BYTES:
                await self._flush()

    def _advance(self, done: Done | None) -> None:
        """Asks the walk for the module after ``done``."""
        try:
            self._act = next(self._steps) if done is None else self._steps.send(done)
        except StopIteration:
            self._act = None
        except LimitExceeded as error:
            self._ending = failed(error, "")

    async def _told(self, act: Act) -> Done | None:
        """What a finished step came to; None when its module is still to be carried out."""
        row = self._rows.find(act.path)
        if row is None:
            return None
        if (
            isinstance(act.module.does, Sleep)
            and row.state == StepState.RUNNING
            and row.output_size
            and self._execution.stop is not Stop.CANCEL
        ):
            row = self._rows.finish(row, StepState.SUCCEEDED, self._now())
        if row.state not in FINISHED:
            return None
        if row.state != StepState.SUCCEEDED:
            return Done(has_ended=True)
        held = Held(row.path, row.output_size)
        if isinstance(act.module.does, Iterate | Router | SetVariables):
            await self._rows.load([held])
            return decided(act.module, held)
        return Done(held=held)

    async def _tried(self, act: Act) -> Done | None:
        """Carries out what reaches for nothing; begins what does, and gives None then."""
        module = act.module
        if self._is_begun_too_often(act):
            return None
        try:
            names = await self._namespace.of(act.scope, module)
            may_pass = act.is_filtered or await _may_pass(module, names)
        except GrantlineError as error:
            if act.is_gate:
                return self._met(failed(error, act.path))
            return await self._failed(act, self._begin(act), Outcome(error=error), error, {})
        if not may_pass:
            row = self._begin(act, counted=False)
            self._rows.finish(row, StepState.PASSED_OVER, self._now())
            return Done(has_ended=True)
        if act.is_gate:
            return Done()
        if (exceeded := self._budget.exceeded()) is not None:
            return self._met(failed(exceeded, act.path))
        row = self._begin(act)
        if not isinstance(module.does, _INSIDE):
            self._begun = (act, row, names)
            return None
        return await self._carried(act, row, names)

    def _begin(self, act: Act, *, counted: bool = True) -> RunStepRecord:
        self._budget.steps += counted
        call = act.module.call
        return self._rows.begin(
            act.path, act.module, self._now(), connection_id=call.connection_id if call else None
        )

    def _is_begun_too_often(self, act: Act) -> bool:
        row = None if act.is_gate else self._rows.find(act.path)
        if row is None or row.state != StepState.RUNNING:
            return False
        if (error := begun_too_often(row)) is None:
            return False
        self._rows.fail(row, error, None, None, self._now())
        self._ending = failed(error, row.path)
        return True

    async def _carried(self, act: Act, row: RunStepRecord, names: Mapping[str, Any]) -> Done | None:
        """What became of the module; None when the leg ends with it."""
        outcome = await self._execution.outcome(act, row, names)
        if not isinstance(outcome, Outcome):
            return self._met(outcome)
        if outcome.error is not None:
            return await self._failed(act, row, outcome, outcome.error, names)
        try:
            row = self._rows.give(row, outcome.input, outcome.output)
        except LimitExceeded as error:
            return await self._failed(act, row, outcome, error, names)
        if outcome.answer is not None:
            self._changes |= self._bench.answered(outcome.answer)
        if outcome.wait is not None and outcome.wait > LONGEST_NAP:
            # The row goes on to say that it runs; who takes the run up again finishes it.
            return self._met(slept(self._now() + outcome.wait))
        self._rows.finish(row, StepState.SUCCEEDED, self._now())
        return decided(act.module, Held(row.path, row.output_size, outcome.output))

    async def _failed(
        self,
        act: Act,
        row: RunStepRecord,
        outcome: Outcome,
        error: GrantlineError,
        names: Mapping[str, Any],
    ) -> Done | None:
        return self._met(await self._errors.handle(act, row, outcome, error, names))

    def _met(self, met: Done | Ending | None) -> Done | None:
        """What the walk goes on with; None, and noted, when it is how the leg ends."""
        if isinstance(met, Ending):
            self._ending = met
            return None
        return met

    async def _flush(self) -> None:
        """Writes what was done, with how the leg ends when it does."""
        changes = {**self._changes, "steps": self._budget.steps}
        self._changes = {}
        if (ending := self._ending) is not None:
            changes |= {**ending.changes(self._now()), "spent": self._budget.spent}
        advanced = await self._bench.write(self._rows.take(), changes)
        if not advanced.is_written:
            self._execution.stop = Stop.LOST
            self._begun = None
        elif advanced.is_cancelling and self._ending is None:
            self.stop(Stop.CANCEL)

    def _now(self) -> datetime:
        return self._bench.context.clock.now()


async def _may_pass(module: Module, names: Mapping[str, Any]) -> bool:
    return not module.when or await beside(names, partial(is_true, module.when, names))

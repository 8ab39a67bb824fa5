"""Going on with one run: from its rows, module by module, until it ends or has to wait.

A leg begins by reading what was done. The walk is led past every step that has finished, which is
not repeated; the first that has not is carried out. Before a module that reaches outside is
carried out its row says so, and its outcome is committed together with the beginning of the next:
one transaction for each such module.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from traceback import extract_tb
from typing import Any, Final

from grantline.calls.expressions import fill, fill_json, is_true
from grantline.errors import (
    ConnectionNotFound,
    GrantlineError,
    InvalidGrant,
    InvalidInput,
    LimitExceeded,
    ModuleFailed,
    NotAuthorized,
    ReauthorizationRequired,
    RunCancelled,
)
from grantline.scenarios.definition.modules import (
    Action,
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
from grantline.scenarios.runs.ending import Ending, cancelled, failed, parked, retrying, slept
from grantline.scenarios.runs.run import StepState
from grantline.scenarios.runs.sealed_run import Given
from grantline.scenarios.runs.step_rows import FINISHED, StepRows
from grantline.scenarios.runs.walk import Act, Done, Held, Scope, Walk
from grantline.store.records.runs import SUCCEEDED, WAITING, RunStepRecord, ScenarioRunRecord

LOG: Final = logging.getLogger("grantline.scenarios")
# A longer sleep lets go of the run: the row remembers when it goes on.
LONGEST_NAP: Final = timedelta(seconds=5)
YIELD_AFTER: Final = 50
MOST_PENDING: Final = 200
MOST_PENDING_BYTES: Final = 4 * 1024 * 1024
LONGEST_RETRY: Final = timedelta(days=1)
# A module that takes its process down each time would take down one process after the other.
MOST_BEGUN: Final = 5
# These reach for nothing: their rows are written with those of the next module that does.
_INSIDE: Final = (Iterate, Router, SetVariables, Aggregate, Respond)


class Stop(Enum):
    """Why a leg is to end before its run does."""

    CANCEL = auto()  # a person wants it
    RELEASE = auto()  # the process ends; others go on
    LOST = auto()  # it is in other hands


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
        self.record = record
        self._bench = bench
        self._scenario = scenario
        self._given = given
        self._rows = rows
        self._mentions = plan_of(scenario).mentions
        self._steps = Walk(scenario).steps()
        self._act: Act | None = None
        self._begun: tuple[Act, RunStepRecord, Mapping[str, Any]] | None = None
        self._changes: dict[str, Any] = {}
        self._carried_out = record.steps
        self._began_at = bench.context.clock.elapsed()
        self._working: asyncio.Task[Outcome] | None = None
        self._stop = Stop.CANCEL if record.is_cancelling else None
        self._is_started = False
        self._ending: Ending | None = None

    def stop(self, why: Stop) -> None:
        """Ends the leg at the next step, and the request under way at once."""
        if self._stop is None:
            self._stop = why
        if self._working is not None:
            self._working.cancel()

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
        return self._stop is Stop.LOST

    @property
    def is_working(self) -> bool:
        """Whether a module is being carried out just now."""
        return self._working is not None

    def ask_to_release(self) -> None:
        """Ends the leg once the module under way has finished."""
        if self._stop is None:
            self._stop = Stop.RELEASE

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
        while self._ending is None and self._begun is None and self._stop is not Stop.LOST:
            if (act := self._act) is None:
                self._ending = Ending(state=SUCCEEDED)
                return
            done = await self._told(act)
            if done is None:
                if self._stop is Stop.CANCEL:
                    self._ending = cancelled()
                    return
                if self._stop is Stop.RELEASE:
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

    # what was done before

    async def _told(self, act: Act) -> Done | None:
        """What a finished step came to; None when its module is still to be carried out."""
        row = self._rows.find(act.path)
        if row is None:
            return None
        if (
            isinstance(act.module.does, Sleep)
            and row.state == StepState.RUNNING
            and row.output_size
            and self._stop is not Stop.CANCEL
        ):
            row = self._rows.finish(row, StepState.SUCCEEDED, self._now())
        if row.state not in FINISHED:
            return None
        if row.state != StepState.SUCCEEDED:
            return Done(has_ended=True)
        held = Held(row.path, row.output_size)
        if isinstance(act.module.does, Iterate | Router | SetVariables):
            await self._rows.load([held])
            return _decided(act.module, held)
        return Done(held=held)

    # what is done now

    async def _tried(self, act: Act) -> Done | None:
        """Carries out what reaches for nothing; begins what does, and gives None then."""
        module = act.module
        if self._is_begun_too_often(act):
            return None
        try:
            names = await self._names(act.scope, module)
            may_pass = act.is_filtered or await _may_pass(module, names)
        except GrantlineError as error:
            if act.is_gate:
                self._ending = failed(error, act.path)
                return None
            return await self._failed(act, self._begin(act), Outcome(error=error), {})
        if not may_pass:
            row = self._begin(act, counted=False)
            self._rows.finish(row, StepState.PASSED_OVER, self._now())
            return Done(has_ended=True)
        if act.is_gate:
            return Done()
        if self._is_over_bounds(act):
            return None
        row = self._begin(act)
        if not isinstance(module.does, _INSIDE):
            self._begun = (act, row, names)
            return None
        return await self._carried(act, row, names)

    def _begin(self, act: Act, *, counted: bool = True) -> RunStepRecord:
        if counted:
            self._carried_out += 1
        call = act.module.call
        return self._rows.begin(
            act.path, act.module, self._now(), connection_id=call.connection_id if call else None
        )

    def _is_begun_too_often(self, act: Act) -> bool:
        row = None if act.is_gate else self._rows.find(act.path)
        if row is None or row.state != StepState.RUNNING or row.attempts < MOST_BEGUN:
            return False
        error = _begun_too_often(row)
        self._rows.fail(row, error, None, None, self._now())
        self._ending = failed(error, row.path)
        return True

    def _is_over_bounds(self, act: Act) -> bool:
        bounds = self._scenario.bounds
        if self._carried_out >= bounds.steps:
            self._ending = failed(_too_many_steps(bounds.steps), act.path)
            return True
        if self._left() <= timedelta():
            self._ending = failed(_too_long(bounds.within), act.path)
            return True
        return False

    async def _carried(self, act: Act, row: RunStepRecord, names: Mapping[str, Any]) -> Done | None:
        """What became of the module; None when the leg ends with it."""
        outcome = await self._outcome(act, row, names)
        if outcome is None:
            return None
        if outcome.error is not None:
            return await self._failed(act, row, outcome, names)
        try:
            row = self._rows.give(row, outcome.input, outcome.output)
        except LimitExceeded as error:
            return await self._failed(act, row, replace(outcome, error=error), names)
        if outcome.answer is not None:
            self._changes |= self._bench.answered(outcome.answer)
        if outcome.wait is not None and outcome.wait > LONGEST_NAP:
            # The row goes on to say that it runs; who takes the run up again finishes it.
            self._ending = slept(self._now() + outcome.wait)
            return None
        self._rows.finish(row, StepState.SUCCEEDED, self._now())
        held = Held(row.path, row.output_size, outcome.output)
        return _decided(act.module, held)

    async def _outcome(
        self, act: Act, row: RunStepRecord, names: Mapping[str, Any]
    ) -> Outcome | None:
        module = act.module
        try:
            match module.does:
                case Iterate():
                    items = await beside(names, partial(fill, module.does.items, names))
                    return self._iterated(items)
                case Router():
                    return await beside(names, partial(_routed, module.does, names))
                case Aggregate():
                    arrived = act.arrived or ()
                    await self._rows.load(
                        [held for scope in arrived for held in scope.bundles.values()]
                    )
                    collected = self._collected(arrived)
                    return await self._bench.carry_out(module, row, names, collected)
                case _:
                    return await self._worked(module, row, names)
        except GrantlineError as error:
            return Outcome(error=error)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not lose the run
            # Without the traceback, whose last line would quote what came from outside.
            where = whereabouts(error)
            LOG.error("A %s failed in an unforeseen way: %s", module.does.kind, where)  # noqa: TRY400
            return Outcome(error=unforeseen(error))

    async def _worked(
        self, module: Module, row: RunStepRecord, names: Mapping[str, Any]
    ) -> Outcome | None:
        """The outcome of a module that may take its time; None when it was ended before."""
        if self._stop in (Stop.CANCEL, Stop.LOST):
            self._interrupt(row)
            return None
        work = self._bench.work(module, row, names, nap=LONGEST_NAP)
        self._working = asyncio.get_running_loop().create_task(work)
        try:
            left = max(self._left(), timedelta()).total_seconds()
            _, late = await asyncio.wait({self._working}, timeout=left)
            if late:
                self._working.cancel()
                await asyncio.wait({self._working})
                error = _too_long(self._scenario.bounds.within)
                self._rows.fail(row, error, None, None, self._now())
                self._ending = failed(error, row.path)
                return None
            if self._working.cancelled():
                self._interrupt(row)
                return None
            return self._working.result()
        except asyncio.CancelledError:
            self._working.cancel()
            raise
        finally:
            self._working = None

    def _interrupt(self, row: RunStepRecord) -> None:
        if self._stop is Stop.CANCEL:
            error = RunCancelled(
                "The run was cancelled.",
                hint="What a service had received by then it may have done even so.",
            )
            self._rows.fail(row, error, None, None, self._now())
            self._ending = cancelled()
        elif self._stop is Stop.RELEASE:
            self._ending = Ending(state=WAITING)

    def _iterated(self, items: Any) -> Outcome:
        if not isinstance(items, list | tuple):
            raise InvalidInput(
                "What the iterator is to go through is not a list.",
                field="items",
                hint="Map a list of an earlier module, such as {{ 1.data.items }}.",
            )
        most = self._scenario.bounds.steps
        if len(items) > most - self._carried_out:
            raise LimitExceeded(
                f"The iterator has {len(items):,} items, and a run carries out at most {most:,} "
                f"modules, of which this one has carried out {self._carried_out:,}.",
                limit="steps",
                hint="Ask for fewer items, or raise steps in the bounds of the scenario.",
            )
        return Outcome(output={"items": list(items), "total": len(items)}, input={})

    def _collected(self, arrived: Sequence[Scope]) -> Iterable[Mapping[str, Any]]:
        return (self._seen(scope) for scope in arrived)

    # what goes wrong

    async def _failed(
        self, act: Act, row: RunStepRecord, outcome: Outcome, names: Mapping[str, Any]
    ) -> Done | None:
        """What the failure of a module leads to; None when the leg ends with it."""
        error, module, now = outcome.error, act.module, self._now()
        if error is None:
            return None
        told = {"failure": outcome.failure} if outcome.failure is not None else None
        call, handler = module.call, module.on_error
        if (
            # A grant that ended is believed to be dead only when that was seen twice. Until then
            # the run waits as well: a renewal or a consent, whichever comes, lets it go on.
            isinstance(error, ReauthorizationRequired | NotAuthorized | InvalidGrant)
            and call is not None
            and call.connection_id is not None
        ):
            try:
                generation = await self._bench.parked_generation(call.connection_id)
            except ConnectionNotFound as gone:
                # Nobody will authorize it: the module has failed as any other.
                error, outcome = gone, replace(outcome, error=gone)
            else:
                self._rows.fail(row, error, outcome.input, told, now)
                self._ending = parked(error, row.path, call.connection_id, generation)
                return None
        if handler.action is Action.IGNORE:
            self._rows.fail(row, error, outcome.input, told, now, state=StepState.IGNORED)
            return Done(has_ended=True)
        if handler.action is Action.FALLBACK:
            return await self._fallen_back(act, row, outcome, names)
        if handler.action is Action.RETRY_LATER and row.retries < handler.attempts:
            row = replace(row, retries=row.retries + 1)
            self._rows.fail(row, error, outcome.input, told, now)
            self._ending = retrying(error, row.path, now + retry_after(handler.after, row.retries))
            return None
        self._rows.fail(row, error, outcome.input, told, now)
        self._ending = failed(error, row.path)
        return None

    async def _fallen_back(
        self, act: Act, row: RunStepRecord, outcome: Outcome, names: Mapping[str, Any]
    ) -> Done | None:
        try:
            given = names or await self._names(act.scope, act.module)
            fallback = act.module.on_error.fallback
            bundle = await beside(given, partial(fill_json, fallback, given))
            row = self._rows.give(row, outcome.input, bundle)
        except GrantlineError as error:
            self._rows.fail(row, error, outcome.input, None, self._now())
            self._ending = failed(error, row.path)
            return None
        self._rows.finish(row, StepState.SUCCEEDED, self._now(), because=outcome.error)
        return _decided(act.module, Held(row.path, row.output_size, bundle))

    # what a module sees

    async def _names(self, scope: Scope, module: Module) -> dict[str, Any]:
        mentioned = self._mentions.of(module)
        await self._rows.load(
            [each for number, each in scope.bundles.items() if str(number) in mentioned]
        )
        return self._seen(scope)

    def _seen(self, scope: Scope) -> dict[str, Any]:
        run, given = self.record, self._given
        names = {
            str(number): each.bundle
            for number, each in scope.bundles.items()
            if each.bundle is not None
        }
        about = {
            "id": run.id,
            "scenario": run.scenario_name,
            "cause": run.cause,
            "started_at": (run.started_at or run.created_at).isoformat(),
        }
        return {
            **names,
            "trigger": given.trigger,
            "input": given.inputs,
            "vars": scope.variables,
            "run": about,
        }

    # what is written

    async def _flush(self) -> None:
        """Writes what was done, with how the leg ends when it does."""
        changes = {**self._changes, "steps": self._carried_out}
        self._changes = {}
        if (ending := self._ending) is not None:
            spent = self.record.spent + self._bench.context.clock.elapsed() - self._began_at
            changes |= {**ending.changes(self._now()), "spent": spent}
        advanced = await self._bench.write(self._rows.take(), changes)
        if not advanced.is_written:
            self._stop = Stop.LOST
            self._begun = None
        elif advanced.is_cancelling and self._ending is None:
            self.stop(Stop.CANCEL)

    def _now(self) -> datetime:
        return self._bench.context.clock.now()

    def _left(self) -> timedelta:
        spent = self.record.spent + self._bench.context.clock.elapsed() - self._began_at
        return self._scenario.bounds.within - spent


def _decided(module: Module, held: Held) -> Done:
    """What the walk has to know of a module that gave ``held``."""
    bundle = held.bundle
    match module.does:
        case Iterate():
            items = bundle.get("items") if isinstance(bundle, Mapping) else None
            return Done(held=held, items=items if isinstance(items, list) else [])
        case Router():
            numbers = bundle.get("branches") if isinstance(bundle, Mapping) else None
            return Done(held=held, branches=numbers if isinstance(numbers, list) else [])
        case SetVariables():
            return Done(held=held, variables=bundle if isinstance(bundle, Mapping) else {})
        case _:
            return Done(held=held)


async def _may_pass(module: Module, names: Mapping[str, Any]) -> bool:
    return not module.when or await beside(names, partial(is_true, module.when, names))


def _routed(does: Router, names: Mapping[str, Any]) -> Outcome:
    goes = [
        number
        for number, branch in enumerate(does.branches)
        if not branch.is_fallback and is_true(branch.when, names)
    ]
    if not goes:
        goes = [number for number, branch in enumerate(does.branches) if branch.is_fallback]
    named = [does.branches[number].name or str(number + 1) for number in goes]
    return Outcome(output={"branches": goes, "names": named}, input={})


def retry_after(first: timedelta, retries: int) -> timedelta:
    """How long to wait before the retry of this number, from 1 on; at most a day."""
    doublings = min(retries - 1, 20)
    return min(first * (1 << doublings), LONGEST_RETRY)


def unforeseen(error: Exception) -> ModuleFailed:
    """What a person is told of a fault of ours."""
    return ModuleFailed(
        "The run failed in a way that nobody foresaw.",
        hint="Please report this with the line in the log.",
        detail=whereabouts(error),
    )


def whereabouts(error: BaseException) -> str:
    """What kind of exception it is and where it came from, without any value."""
    places = extract_tb(error.__traceback__)
    last = places[-1] if places else None
    return f"{type(error).__name__} at {last.filename}:{last.lineno}" if last else ""


def _begun_too_often(row: RunStepRecord) -> LimitExceeded:
    return LimitExceeded(
        f"Module {row.module_id} was begun {row.attempts} times, and each time the process that "
        "carried it out ended before the module did.",
        limit="attempts",
        hint=(
            "See why the process ended, such as for want of memory; make what the module handles "
            "smaller, then run it again from this step."
        ),
    )


def _too_many_steps(most: int) -> LimitExceeded:
    return LimitExceeded(
        f"The run has carried out {most:,} modules, which is as many as it may.",
        limit="steps",
        hint="Raise steps in the bounds of the scenario, or give it less to do at a time.",
    )


def _too_long(within: timedelta) -> LimitExceeded:
    return LimitExceeded(
        f"The run took longer than {within}, which is as long as it may.",
        limit="within",
        hint="Raise within in the bounds of the scenario, or give it less to do at a time.",
    )

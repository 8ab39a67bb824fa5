"""What the failure of a module leads to: a park, a retry later, a fallback, or the run's end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from grantline.calls.expressions import fill_json
from grantline.errors import (
    ConnectionNotFound,
    GrantlineError,
    InvalidGrant,
    NotAuthorized,
    ReauthorizationRequired,
)
from grantline.scenarios.definition.modules import Action
from grantline.scenarios.mapping.beside import beside
from grantline.scenarios.modules.outcome import Outcome
from grantline.scenarios.runs.bench import Bench
from grantline.scenarios.runs.ending import Ending, failed, parked, retrying
from grantline.scenarios.runs.namespace import Namespace
from grantline.scenarios.runs.run import StepState
from grantline.scenarios.runs.step_rows import StepRows
from grantline.scenarios.runs.walk import Act, Done, Held, decided
from grantline.store.records.runs import RunStepRecord

LONGEST_RETRY: Final = timedelta(days=1)
# A grant that ended is believed to be dead only when that was seen twice. Until then the run waits
# as well: a renewal or a consent, whichever comes, lets it go on.
_OF_THE_GRANT: Final = (ReauthorizationRequired, NotAuthorized, InvalidGrant)


class ErrorHandling:
    """The error handlers of one leg."""

    def __init__(self, bench: Bench, rows: StepRows, namespace: Namespace) -> None:
        """Handlers that write what they decide into ``rows``."""
        self._bench = bench
        self._rows = rows
        self._namespace = namespace

    async def handle(
        self,
        act: Act,
        row: RunStepRecord,
        outcome: Outcome,
        error: GrantlineError,
        names: Mapping[str, Any],
    ) -> Done | Ending:
        """How the walk goes on after ``error``, or how the leg ends with it.

        Args:
            act: The module, and what it can see.
            row: Of its step.
            outcome: What is known beside the error.
            error: Why the module failed.
            names: What its expressions could name; empty when it did not come to that.
        """
        call, handler, now = act.module.call, act.module.on_error, self._now()
        told = {"failure": outcome.failure} if outcome.failure is not None else None
        fail = partial(self._rows.fail, given=outcome.input, told=told, now=now)
        if isinstance(error, _OF_THE_GRANT) and call is not None and call.connection_id is not None:
            try:
                generation = await self._bench.parked_generation(call.connection_id)
            except ConnectionNotFound as gone:
                # Nobody will authorize it: the module has failed as any other.
                error = gone
            else:
                fail(row, error)
                return parked(error, row.path, call.connection_id, generation)
        match handler.action:
            case Action.IGNORE:
                fail(row, error, state=StepState.IGNORED)
                return Done(has_ended=True)
            case Action.FALLBACK:
                return await self._fallen_back(act, row, outcome, error, names)
            case Action.RETRY_LATER if row.retries < handler.attempts:
                row = replace(row, retries=row.retries + 1)
                fail(row, error)
                again_at = now + retry_after(handler.after, row.retries)
                return retrying(error, row.path, again_at)
            case _:
                fail(row, error)
                return failed(error, row.path)

    async def _fallen_back(
        self,
        act: Act,
        row: RunStepRecord,
        outcome: Outcome,
        because: GrantlineError,
        names: Mapping[str, Any],
    ) -> Done | Ending:
        try:
            given = names or await self._namespace.of(act.scope, act.module)
            fallback = act.module.on_error.fallback
            bundle = await beside(given, partial(fill_json, fallback, given))
            row = self._rows.give(row, outcome.input, bundle)
        except GrantlineError as error:
            self._rows.fail(row, error, outcome.input, None, self._now())
            return failed(error, row.path)
        self._rows.finish(row, StepState.SUCCEEDED, self._now(), because=because)
        return decided(act.module, Held(row.path, row.output_size, bundle))

    def _now(self) -> datetime:
        return self._bench.context.clock.now()


def retry_after(first: timedelta, retries: int) -> timedelta:
    """How long to wait before the retry of this number, from 1 on; at most a day."""
    doublings = min(retries - 1, 20)
    return min(first * (1 << doublings), LONGEST_RETRY)

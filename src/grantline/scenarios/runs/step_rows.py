"""The rows of one run's steps: those that are there, and those that are about to be written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from grantline.connections.context import Context
from grantline.errors import GrantlineError
from grantline.scenarios.definition.modules import Module
from grantline.scenarios.runs.ending import error_columns, storable
from grantline.scenarios.runs.run import StepState
from grantline.scenarios.runs.sealed_run import Seals
from grantline.scenarios.runs.walk import Held
from grantline.store.records.runs import RunStepRecord, StepSeals, StepWrite

FINISHED: Final = (StepState.SUCCEEDED, StepState.PASSED_OVER, StepState.IGNORED)


class StepRows:
    """What is known of the steps of a run, and what is not yet written of them.

    Attributes:
        pending_bytes: How large the bundles are that are not yet written.
    """

    def __init__(
        self,
        context: Context,
        seals: Seals,
        workspace: str,
        run_id: str,
        rows: Sequence[RunStepRecord],
    ) -> None:
        self._context = context
        self._seals = seals
        self._workspace = workspace
        self._run_id = run_id
        self._rows = {each.path: each for each in rows}
        self._next = max((each.seq for each in rows), default=0) + 1
        self._pending: dict[str, StepWrite] = {}
        self.pending_bytes = 0

    @property
    def pending(self) -> int:
        """How many rows are to be written."""
        return len(self._pending)

    def find(self, path: str) -> RunStepRecord | None:
        """The step at ``path``, if it was ever begun, and did not end on this leg."""
        return self._rows.get(path)

    def begin(
        self, path: str, module: Module, now: datetime, *, connection_id: str | None
    ) -> RunStepRecord:
        """The step at ``path``, begun now, for the first time or once more."""
        old = self._rows.get(path)
        # One that ended and is tried again is counted as a retry, or waited for its connection.
        again = old is not None and old.state == StepState.RUNNING
        row = RunStepRecord(
            id=old.id if old else self._context.new_id("stp"),
            workspace=self._workspace,
            run_id=self._run_id,
            path=path,
            seq=old.seq if old else self._next,
            module_id=module.id,
            label=storable(module.label),
            kind=module.does.kind,
            state=StepState.RUNNING.value,
            started_at=now,
            attempts=(old.attempts if old else 1) + again,
            retries=old.retries if old else 0,
            connection_id=connection_id,
        )
        if old is None:
            self._next += 1
        return self._put(row, StepSeals(), is_new=old is None)

    def give(self, row: RunStepRecord, given: Any, output: Any) -> RunStepRecord:
        """The step with what its module saw and gave.

        Raises:
            LimitExceeded: It gave too much.
        """
        kept = self._seals.seal_output(row.id, output)
        seen = self._seals.seal_input(row.id, given)
        row = replace(row, input_size=seen.size, output_size=kept.size)
        self.pending_bytes += seen.size + kept.size
        return self._put(row, StepSeals(sealed_input=seen.text, sealed_output=kept.text))

    def finish(
        self,
        row: RunStepRecord,
        state: StepState,
        now: datetime,
        *,
        because: GrantlineError | None = None,
    ) -> RunStepRecord:
        """The step, ended; ``because`` says why a fallback was taken."""
        row = replace(row, state=state.value, ended_at=now, **_about(because))
        return self._put(row, None)

    def fail(
        self,
        row: RunStepRecord,
        error: GrantlineError,
        given: Any,
        told: Any,
        now: datetime,
        *,
        state: StepState = StepState.FAILED,
    ) -> RunStepRecord:
        """The step, which failed; ``told`` is what is known of the failure, as JSON."""
        seen = self._seals.seal_input(row.id, given) if given else None
        kept = self._seals.seal_output(row.id, told) if told else None
        row = replace(
            row,
            state=state.value,
            ended_at=now,
            input_size=seen.size if seen else 0,
            output_size=kept.size if kept else 0,
            **_about(error),
        )
        seals = StepSeals(
            sealed_input=seen.text if seen else None, sealed_output=kept.text if kept else None
        )
        return self._put(row, seals)

    def take(self) -> tuple[StepWrite, ...]:
        """What is to be written; it counts as written from now on."""
        taken = tuple(self._pending.values())
        for each in taken:
            # No path comes twice on one leg; a million of these rows would fill the memory.
            if each.step.ended_at is not None:
                self._rows.pop(each.step.path, None)
        self._pending = {}
        self.pending_bytes = 0
        return taken

    async def load(self, wanted: Iterable[Held]) -> None:
        """Reads the bundles of those that are not in memory."""
        missing = {each.path: each for each in wanted if each.bundle is None}
        if not missing:
            return
        store = self._context.store
        found = await self._context.stored(
            store.load_outputs, self._workspace, self._run_id, tuple(missing)
        )
        for path, held in missing.items():
            row, sealed = found.get(path, ("", None))
            held.bundle = self._seals.open_output(row, sealed) if sealed is not None else {}

    def _put(
        self, row: RunStepRecord, seals: StepSeals | None, *, is_new: bool = False
    ) -> RunStepRecord:
        before = self._pending.get(row.path)
        if seals is None:
            # A row that is only ended keeps what is sealed beside it.
            seals = before.seals if before is not None else None
        self._rows[row.path] = row
        self._pending[row.path] = StepWrite(
            step=row, seals=seals, is_new=is_new or (before is not None and before.is_new)
        )
        return row


def _about(error: GrantlineError | None) -> dict[str, Any]:
    return dict(error_columns(error))

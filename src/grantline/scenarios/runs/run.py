"""Runs of scenarios and their steps, as faces see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from grantline.scenarios.definition.scenario import Scenario
from grantline.store.records import runs as rows
from grantline.store.records.runs import RunStepRecord, ScenarioRunRecord


class Cause(StrEnum):
    """What started a run."""

    BY_HAND = "by_hand"
    SCHEDULE = "schedule"
    WEBHOOK = "webhook"
    RERUN = "rerun"


class RunState(StrEnum):
    """Where a run is."""

    WAITING = rows.WAITING  # for its turn, or asleep until ``wake_at``
    RUNNING = rows.RUNNING
    RETRYING = rows.RETRYING  # a module failed and is tried again at ``wake_at``
    PARKED = rows.PARKED  # until its connection is authorized again
    SUCCEEDED = rows.SUCCEEDED
    FAILED = rows.FAILED
    CANCELLED = rows.CANCELLED

    @property
    def has_ended(self) -> bool:
        """Whether nothing will happen to the run any more."""
        return self in ENDED


ENDED: Final = (RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED)


class StepState(StrEnum):
    """What became of one module."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PASSED_OVER = "passed_over"  # its filter stopped the bundle
    IGNORED = "ignored"  # it failed, and its error handler let the bundle end there


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a run or a step failed: what happened, and what helps.

    Attributes:
        code: Stable name, as in ``GrantlineError.code``.
        path: Of the step that failed; empty when the run itself did.
    """

    code: str
    message: str
    hint: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRun:
    """One execution of a scenario, as lists show it.

    Attributes:
        owner: As whom it makes requests.
        scenario_id: None for a scenario that is not kept; it may be deleted by now.
        connection_id: The connection on which it is parked.
        wake_at: When it goes on, asleep or before another try.
        is_cancelling: Somebody has cancelled it; it ends at the next step.
        steps: How many modules were carried out.
        spent: How long it was gone on with, waiting not included.
        revision: Grows with every change.
        error: Of a run that failed, is parked, or is retrying.
        origin_run_id: The run that it repeats, from the step ``origin_path`` on.
    """

    id: str
    owner: str
    scenario_id: str | None
    scenario_name: str
    cause: Cause
    state: RunState
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    connection_id: str | None
    wake_at: datetime | None
    is_cancelling: bool
    steps: int
    spent: timedelta
    revision: int
    error: RunError | None
    origin_run_id: str | None
    origin_path: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RunDetail:
    """A run with the scenario that it was started with, and what it was given."""

    run: ScenarioRun
    scenario: Scenario
    inputs: Mapping[str, Any]
    trigger: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """One module carried out, as lists show it.

    Attributes:
        path: Numbers of iterators and of their items, then the module's own: ``2/17/3``.
        seq: Which step of the run it is, from 1.
        label: What the module was called.
        kind: Of the module.
        attempts: How often it was begun, but for retries: 2 when a process died over it.
        retries: How often it was tried again later.
        input_size: Of the input bundle in bytes of JSON.
        connection_id: Whose token it carried.
        error: Why it failed; of one that succeeded, why its fallback was taken.
    """

    path: str
    seq: int
    module_id: int
    label: str
    kind: str
    state: StepState
    started_at: datetime
    ended_at: datetime | None
    attempts: int
    retries: int
    input_size: int
    output_size: int
    connection_id: str | None
    error: RunError | None

    @property
    def duration(self) -> timedelta | None:
        """How long it took; None while it goes on."""
        return None if self.ended_at is None else self.ended_at - self.started_at


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StepDetail:
    """A step with its bundles; None where there is none.

    Attributes:
        input: What was filled in.
        failure: Of a step that failed: the error as JSON, with what the service answered.
    """

    step: RunStep
    input: Any
    output: Any
    failure: Any = None


def run_of(record: ScenarioRunRecord) -> ScenarioRun:
    """What faces see of ``record``."""
    return ScenarioRun(
        id=record.id,
        owner=record.owner,
        scenario_id=record.scenario_id,
        scenario_name=record.scenario_name,
        cause=Cause(record.cause),
        state=RunState(record.state),
        created_at=record.created_at,
        started_at=record.started_at,
        ended_at=record.ended_at,
        connection_id=record.connection_id,
        wake_at=record.wake_at,
        is_cancelling=record.is_cancelling,
        steps=record.steps,
        spent=record.spent,
        revision=record.revision,
        error=_error_of(record, record.error_path),
        origin_run_id=record.origin_run_id,
        origin_path=record.origin_path,
    )


def step_of(record: RunStepRecord) -> RunStep:
    """What faces see of ``record``."""
    return RunStep(
        path=record.path,
        seq=record.seq,
        module_id=record.module_id,
        label=record.label,
        kind=record.kind,
        state=StepState(record.state),
        started_at=record.started_at,
        ended_at=record.ended_at,
        attempts=record.attempts,
        retries=record.retries,
        input_size=record.input_size,
        output_size=record.output_size,
        connection_id=record.connection_id,
        error=_error_of(record, record.path),
    )


def _error_of(record: ScenarioRunRecord | RunStepRecord, path: str) -> RunError | None:
    if not record.error_code:
        return None
    return RunError(
        code=record.error_code, message=record.error_message, hint=record.error_hint, path=path
    )

"""Runs of scenarios as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from grantline.scenarios.runs.run import Cause, RunError, RunState, RunStep, ScenarioRun, StepState
from grantline.server.api.fields import Given, JsonObject, Shown

LONGEST_WAIT = timedelta(seconds=60)
WaitS = Annotated[float, Field(ge=0, le=LONGEST_WAIT.total_seconds())]


class StartGiven(Given):
    """What a run is given."""

    inputs: JsonObject = Field(default_factory=dict)
    """A value for each of the scenario's inputs; those left out take their default."""
    wait_s: WaitS = 0
    """How long to wait for its end before answering; it goes on afterwards."""


class RerunGiven(Given):
    """Where a repetition begins."""

    from_step: Annotated[str, Field(max_length=500)] | None = None
    """The path of a step; what finished before it is taken over. Null begins at the beginning."""


class RunErrorShown(Shown):
    """Why a run or a step failed, or waits."""

    code: str
    message: str
    hint: str
    path: str
    """Of the step that failed; empty when the run itself did."""


class ScenarioRunShown(Shown):
    """One execution of a scenario."""

    id: str
    scenario_id: str | None
    """Null for one that was not kept; it may be deleted by now."""
    scenario_name: str
    owner: str
    cause: Cause
    state: RunState
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    connection_id: str | None
    """The connection that it waits for, when it is parked."""
    wake_at: datetime | None
    """When it goes on."""
    is_cancelling: bool
    steps: int
    """How many modules were carried out."""
    spent_s: float
    """How long it was gone on with, waiting not included."""
    error: RunErrorShown | None
    origin_run_id: str | None
    """The run that it repeats, from the step `origin_path` on."""
    origin_path: str


class RunResultShown(ScenarioRunShown):
    """A run, and what came of it."""

    output: Any
    """What its last module gave; null until it has succeeded. For whom the run belongs to, and for
    keys that manage."""


class StepShown(Shown):
    """One module carried out."""

    path: str
    """Numbers of iterators and of their items, then the module's own: `2/17/3`."""
    seq: int
    module: int
    label: str
    kind: str
    state: StepState
    started_at: datetime
    ended_at: datetime | None
    attempts: int
    """How often it was begun, but for retries: 2 when a process died over it."""
    retries: int
    """How often it was tried again later."""
    input_size: int
    output_size: int
    connection_id: str | None
    error: RunErrorShown | None


class StepDetailShown(StepShown):
    """One module carried out, with its bundles."""

    input: Any
    """What was filled in; here and in what follows, secrets are masked."""
    output: Any
    failure: Any
    """Of a step that failed: the error, with what the service answered."""


def run_view(run: ScenarioRun) -> dict[str, Any]:
    """The fields of ``ScenarioRunShown``."""
    names = set(ScenarioRunShown.model_fields) - {"spent_s", "error"}
    return {
        **{name: getattr(run, name) for name in names},
        "spent_s": round(run.spent.total_seconds(), 6),
        "error": _error_view(run.error),
    }


def step_view(step: RunStep) -> dict[str, Any]:
    """The fields of ``StepShown``."""
    names = set(StepShown.model_fields) - {"module", "error"}
    return {
        **{name: getattr(step, name) for name in names},
        "module": step.module_id,
        "error": _error_view(step.error),
    }


def _error_view(error: RunError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    return {name: getattr(error, name) for name in RunErrorShown.model_fields}

"""Runs of scenarios and their steps as values: rows of ``scenario_run`` and ``run_step``.

What lists show is in the clear; what a module saw or gave is sealed beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

# Of a run. The first four have not ended.
WAITING: Final = "waiting"  # for its turn, or until ``wake_at`` when it sleeps
RUNNING: Final = "running"
RETRYING: Final = "retrying"  # a module failed and is tried again at ``wake_at``
PARKED: Final = "parked"  # until its connection is authorized again
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioRunRecord:
    """One execution of a scenario, as lists show it.

    Attributes:
        owner: Who started it, and as whom its requests are made.
        scenario_id: None for a scenario that is not kept; it may be gone by now.
        cause: A ``runs.run.Cause`` value.
        at_once: How many runs of its scenario could go on at the same time when it was started;
            what counts is what the scenario says now, as long as it is there.
        connection_id: The connection on which it is parked.
        parked_generation: That connection's token set when the run was parked; -1 when its state
            alone says whether the run can go on.
        wake_at: Nobody goes on with it before.
        leg: Grows by one each time somebody takes it up: the fencing number.
        worker: Who goes on with it just now.
        is_cancelling: It ends at the next step.
        steps: How many modules were carried out.
        spent: How long it was gone on with, waiting not included, up to the last leg that ended.
        revision: Grows by one with every change.
        error_path: The step that it failed at.
        origin_run_id: The run of which it is a repetition, from the step ``origin_path`` on.
        once: What it was started for, where that must start one run only: an instant of a
            schedule, the delivery of a webhook. A scenario has no two runs with the same.
    """

    id: str
    workspace: str
    owner: str
    scenario_id: str | None
    scenario_name: str
    cause: str
    state: str
    at_once: int
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    connection_id: str | None = None
    parked_generation: int = -1
    wake_at: datetime | None = None
    leg: int = 0
    worker: str | None = None
    is_cancelling: bool = False
    steps: int = 0
    spent: timedelta = timedelta()
    revision: int = 0
    error_code: str = ""
    error_message: str = ""
    error_hint: str = ""
    error_path: str = ""
    origin_run_id: str | None = None
    origin_path: str = ""
    once: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSeals:
    """What is sealed beside a run.

    Attributes:
        sealed_definition: The scenario as it was when the run was started.
        sealed_input: The inputs, and what the trigger brought.
        sealed_response: What a Respond module answered.
    """

    sealed_definition: str
    sealed_input: str
    sealed_response: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStepRecord:
    """One module carried out in a run, as lists show it.

    Attributes:
        path: Where it is: numbers of iterators and of their items, then the module's own: 2/17/3.
        seq: Which step of the run it is, from 1.
        kind: The module's kind.
        state: ``running``, ``succeeded``, ``failed``, ``passed_over`` or ``ignored``.
        attempts: How often it was begun, but for retries: 2 when a process died over it.
        retries: How often it was tried again later.
        input_size: Of its input bundle, in bytes of JSON.
        connection_id: Whose token it carried.
    """

    id: str
    workspace: str
    run_id: str
    path: str
    seq: int
    module_id: int
    label: str
    kind: str
    state: str
    started_at: datetime
    ended_at: datetime | None = None
    attempts: int = 1
    retries: int = 0
    input_size: int = 0
    output_size: int = 0
    connection_id: str | None = None
    error_code: str = ""
    error_message: str = ""
    error_hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSeals:
    """What is sealed beside a step; None where there is nothing."""

    sealed_input: str | None = None
    sealed_output: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepWrite:
    """A step to be written: a new row, or one over the row that is there.

    Attributes:
        seals: None leaves what is sealed in the row as it is.
    """

    step: RunStepRecord
    seals: StepSeals | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """A run to be kept, with steps that another run has carried out already."""

    run: ScenarioRunRecord
    seals: RunSeals
    steps: tuple[StepWrite, ...] = ()

    @property
    def run_id(self) -> str:
        """Of the run."""
        return self.run.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What one worker writes of a run that it goes on with.

    Attributes:
        worker: Who writes; nothing is written unless the run is in its hands, on this leg.
        changes: Columns of the run; with another state than ``running`` it is let go.
    """

    run_id: str
    worker: str
    leg: int
    steps: tuple[StepWrite, ...] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What became of an ``Advance``; a new run is always written.

    Attributes:
        is_written: False when the run is in other hands, or gone: nothing was written.
        is_cancelling: Somebody wants it to end.
    """

    is_written: bool
    is_cancelling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSeen:
    """A process that has runs in its hands.

    Attributes:
        silent_for: Since when it did not show itself, by the database's clock; None when it never
            did, or left.
    """

    id: str
    silent_for: timedelta | None

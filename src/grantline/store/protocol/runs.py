"""What runs of scenarios ask of a database: a part of ``Store``, whose laws it cites.

Further laws, cited in ``tests/contracts/test_store_of_runs.py``:

R1. A run is in the hands of one worker at a time. Each time it is taken up its leg grows by one,
    and whoever writes names worker and leg: a late writer writes nothing.
R2. Runs of one scenario are taken up in the order in which they were started, and no more of them
    go on at once than the scenario allows now, whoever asks and however many ask at once.
R3. A run that has ended is not taken up again, and nothing is written to it any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.page import Page
from grantline.store.records.runs import (
    Advance,
    Advanced,
    NewRun,
    RunSeals,
    RunStepRecord,
    ScenarioRunRecord,
    StepSeals,
    StepWrite,
    WorkerSeen,
)


class RunStore(Protocol):
    """Runs of scenarios, their steps, and the workers that go on with them."""

    # runs
    def add_scenario_run(
        self,
        run: ScenarioRunRecord,
        seals: RunSeals,
        steps: Sequence[StepWrite] = (),
        event: Event | None = None,
    ) -> bool:
        """Adds a run, and steps that another run has carried out already.

        False, and nothing written, when another run of its scenario was started for the same
        (``once``).
        """
        ...

    def find_run_started_once(
        self, workspace: str, scenario_id: str, once: str
    ) -> ScenarioRunRecord | None:
        """The run of this scenario that was started for ``once``."""
        ...

    def load_scenario_run(self, workspace: str, run_id: str) -> ScenarioRunRecord:
        """The run of this id."""
        ...

    def load_run_seals(self, workspace: str, run_id: str) -> RunSeals:
        """What is sealed beside it."""
        ...

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
        """Runs, newest first, those that fit every filter given.

        Args:
            workspace: Whose.
            scenario_id: Only runs of this scenario.
            states: Only those in one of these states.
            cause: Only those started so.
            connection_id: Only those parked on this connection.
            since: Only those started then or later.
            until: Only those started before.
            query: In the name of the scenario, the error or the id, whatever the case.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def run_revision(self, workspace: str, run_id: str) -> tuple[str, int]:
        """State and revision of a run: as much as is asked for again and again."""
        ...

    def delete_scenario_run(self, workspace: str, run_id: str) -> None:
        """Removes a run that has ended, and its steps; ``InvalidInput`` while it goes on."""
        ...

    # steps
    def list_run_steps(self, workspace: str, run_id: str) -> Sequence[RunStepRecord]:
        """Every step of a run, in order."""
        ...

    def page_run_steps(
        self, workspace: str, run_id: str, *, offset: int = 0, limit: int = 50
    ) -> Page[RunStepRecord]:
        """Some steps of a run, in order: a run may have a million."""
        ...

    def last_run_step(self, workspace: str, run_id: str) -> tuple[RunStepRecord, StepSeals] | None:
        """The last step that succeeded of those that are carried out once for the whole run."""
        ...

    def load_run_step(
        self, workspace: str, run_id: str, path: str
    ) -> tuple[RunStepRecord, StepSeals]:
        """One step, and what is sealed beside it."""
        ...

    def load_outputs(
        self, workspace: str, run_id: str, paths: Collection[str]
    ) -> dict[str, tuple[str, str]]:
        """Row id and sealed output of those of these steps that have one, by path."""
        ...

    def latest_scenario_runs(
        self, workspace: str, scenario_ids: Collection[str]
    ) -> Sequence[ScenarioRunRecord]:
        """The latest run of each of these scenarios that has one, in no order."""
        ...

    def latest_run_step(
        self, workspace: str, scenario_id: str, module_id: int
    ) -> tuple[RunStepRecord, StepSeals] | None:
        """The last time that a module of a scenario succeeded, in one of its latest runs."""
        ...

    # going on
    def claim_scenario_runs(
        self, worker: str, now: datetime, limit: int
    ) -> Sequence[ScenarioRunRecord]:
        """Takes up runs whose turn has come, in order, for the caller alone (R1, R2).

        Args:
            worker: Who asks.
            now: What ``wake_at`` is compared with.
            limit: How many at most.
        """
        ...

    def claim_scenario_run(
        self, worker: str, now: datetime, run_id: str
    ) -> Sequence[ScenarioRunRecord]:
        """Takes up this run alone; none when its turn has not come, or it has ended (R1, R2)."""
        ...

    def has_due_runs(self, now: datetime) -> bool:
        """Whether some run may be taken up as far as the run itself is concerned."""
        ...

    def advance_runs(self, advances: Sequence[Advance | NewRun]) -> Sequence[Advanced]:
        """Writes what workers have done, each or none of it (R1, R3), in one transaction.

        New runs are written along.
        """
        ...

    def release_runs(self, worker: str, but: Collection[str] = ()) -> Sequence[tuple[str, int]]:
        """Lets go of what ``worker`` has in its hands, so that others take it up.

        Gives ids and legs. Meant for a worker that is gone, or that is just ending.
        """
        ...

    def runs_in_hand(self, worker: str) -> Sequence[tuple[str, bool]]:
        """The runs in the hands of ``worker``, and whether somebody wants them to end."""
        ...

    def unpark_runs(self, usable: Collection[str]) -> Sequence[tuple[str, str]]:
        """Lets runs go on whose connection can be used again or is gone; workspaces and ids.

        Args:
            usable: The states of a connection whose token can be used.
        """
        ...

    def ask_to_cancel(
        self, workspace: str, run_id: str, at: datetime, event: Event
    ) -> ScenarioRunRecord:
        """Ends a run that nobody goes on with, and marks one that somebody does; the run then."""
        ...

    def unended_runs(self, run_ids: Collection[str]) -> Collection[str]:
        """Those of these runs, of any workspace, that have not ended."""
        ...

    # workers
    def beat(self, worker: str) -> None:
        """Notes that a worker is alive, by the database's clock."""
        ...

    def leave(self, worker: str) -> None:
        """Forgets a worker."""
        ...

    def busy_workers(self) -> Sequence[WorkerSeen]:
        """The workers that have runs in their hands."""
        ...

    def drop_silent_workers(self, span: timedelta) -> None:
        """Forgets workers that were silent for longer than ``span`` and have nothing in hand."""
        ...

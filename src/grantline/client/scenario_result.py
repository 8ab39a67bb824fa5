"""What came of running a scenario, as the library gives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grantline.errors import RunFailed
from grantline.scenarios.runs.run import RunError, RunState, ScenarioRun


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioResult:
    """A run that has ended, or waits for a person.

    Attributes:
        run: Its line in the history.
    """

    run: ScenarioRun
    _output: Any = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """Under which the run is found again."""
        return self.run.id

    @property
    def state(self) -> RunState:
        """How it ended; ``parked`` when a connection has to be authorized again first."""
        return self.run.state

    @property
    def error(self) -> RunError | None:
        """Why it did not succeed."""
        return self.run.error

    @property
    def output(self) -> Any:
        """The bundle of the last module: ``status``, ``headers``, ``data`` after a request.

        Raises:
            RunFailed: The run did not succeed.
        """
        return self.raise_for_state()._output  # noqa: SLF001 - it is its own

    def raise_for_state(self) -> ScenarioResult:
        """The same result, when the run succeeded.

        Raises:
            RunFailed: It did not.
        """
        run, error = self.run, self.run.error
        if run.state is RunState.SUCCEEDED:
            return self
        place = f" at step {error.path}" if error is not None and error.path else ""
        why = f": {error.message}" if error is not None else "."
        raise RunFailed(
            f"The run of “{run.scenario_name}” is {run.state.value}{place}{why}",
            run_id=run.id,
            path=error.path if error is not None else "",
            reason=error.code if error is not None else run.state.value,
            hint=error.hint if error is not None else "",
        )

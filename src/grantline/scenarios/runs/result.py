"""What came of a run: the bundle of its last module."""

from __future__ import annotations

from typing import Any

from grantline.connections.connection import Actor
from grantline.scenarios.runs.history import RunHistory
from grantline.scenarios.runs.run import RunState, ScenarioRun, StepState


async def output_of(history: RunHistory, actor: Actor, run: ScenarioRun) -> Any:
    """What the last module gave that was carried out once for the whole run.

    None while the run has not succeeded, and where no module gave anything.
    """
    if run.state is not RunState.SUCCEEDED:
        return None
    steps = await history.steps(actor, run.id)
    # Those of an iterator have the number of an item in their path.
    whole = [each for each in steps if "/" not in each.path and each.state is StepState.SUCCEEDED]
    if not whole:
        return None
    return (await history.step(actor, run.id, whole[-1].path)).output

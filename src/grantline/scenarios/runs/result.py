"""What came of a run: the bundle of its last module."""

from __future__ import annotations

from typing import Any

from grantline.connections.connection import Actor
from grantline.scenarios.runs.history import RunHistory
from grantline.scenarios.runs.run import RunState, ScenarioRun


async def output_of(history: RunHistory, actor: Actor, run: ScenarioRun) -> Any:
    """What the last module gave that was carried out once for the whole run.

    None while the run has not succeeded, and where no module gave anything.
    """
    if run.state is not RunState.SUCCEEDED:
        return None
    last = await history.last_step(actor, run.id)
    return None if last is None else last.output

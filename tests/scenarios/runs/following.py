"""Runs, followed until they are where a test wants them."""

from __future__ import annotations

import asyncio
from typing import Any

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.run import RunState, ScenarioRun, StepState
from grantline.scenarios.service import Scenarios

WAITS = 30


async def run_of(scenarios: Scenarios, scenario: Scenario, **inputs: Any) -> ScenarioRun:
    """The run of ``scenario`` once it has ended, or is parked."""
    started = await scenarios.runs.start_file(LOCAL, scenario, inputs)
    return await asyncio.wait_for(scenarios.runs.wait(LOCAL, started.id), WAITS)


async def steps_of(scenarios: Scenarios, run: ScenarioRun) -> dict[str, StepState]:
    return {each.path: each.state for each in await scenarios.runs.steps(LOCAL, run.id)}


async def until(scenarios: Scenarios, run_id: str, state: RunState) -> ScenarioRun:
    """The run once it is in ``state``."""
    async with asyncio.timeout(WAITS):
        async for run in scenarios.runs.changes(LOCAL, run_id):
            if run.state is state:
                return run
    raise AssertionError(state)

"""Runs of scenarios leave when they are old, and only once they have ended."""

from __future__ import annotations

from datetime import timedelta

from grantline.connections.engine import LOCAL
from grantline.connections.keeping.housekeeping import tidy
from grantline.connections.settings import RUNS_KEPT_FOR
from grantline.scenarios.runs.run import RunState
from grantline.scenarios.service import Scenarios
from grantline.store.run_records import RunSeals
from tests.connections.world import World
from tests.run_records import a_scenario_run


async def test_runs_leave_with_time_and_those_that_wait_stay(
    scenarios: Scenarios, world: World
) -> None:
    context, now = world.engine.context, world.clock.now()
    for state, ended_at in (("succeeded", now), ("parked", None)):
        run = a_scenario_run(
            id=f"srn_{state}", workspace="local", state=state, created_at=now, ended_at=ended_at
        )
        context.store.add_scenario_run(run, RunSeals(sealed_definition="", sealed_input=""))
    world.clock.advance(RUNS_KEPT_FOR)
    assert await tidy(context) == 0
    assert await tidy(context, keep_runs=RUNS_KEPT_FOR - timedelta(days=1)) == 1
    (left,) = (await scenarios.runs.page(LOCAL)).rows
    assert left.state is RunState.PARKED

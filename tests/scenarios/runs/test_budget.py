"""How much a run may do, and that it says so when that is used up."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import (
    Action,
    OnError,
)
from grantline.scenarios.runs.budget import MOST_BEGUN
from grantline.scenarios.runs.run import RunState, StepState
from grantline.scenarios.runs.sealed_run import Seals
from grantline.scenarios.runs.step_rows import StepRows
from grantline.scenarios.service import Scenarios
from tests.connections.world import World
from tests.scenarios.runs.following import WAITS, run_of
from tests.scenarios.runs.making import a_scenario, each, get, variables
from tests.scenarios.runs.service import Service


async def test_an_iterator_of_a_million_is_refused_before_its_first_item(
    scenarios: Scenarios, service: Service
) -> None:
    scenario = a_scenario(
        get(1, service.url + "/list"),
        each(2, "{{ 1.data.items }}"),
        get(3, service.url + "/item"),
        steps=500,
    )
    service.answers["/list"] = {"items": [0] * 1_000_000}
    run = await run_of(scenarios, scenario)
    assert run.error is not None
    assert run.error.code == "limit_exceeded"
    assert "1,000,000 items" in run.error.message
    assert "500" in run.error.message
    assert service.count("/item") == 0


async def test_a_run_carries_out_no_more_modules_than_it_may(
    scenarios: Scenarios, service: Service
) -> None:
    service.answers["/list"] = {"items": [1, 2, 3, 4]}
    scenario = a_scenario(
        get(1, service.url + "/list"),
        each(2, "{{ 1.data.items }}"),
        get(3, service.url + "/a"),
        get(4, service.url + "/b"),
        steps=7,
    )
    run = await run_of(scenarios, scenario)
    assert (run.state, run.steps) == (RunState.FAILED, 7)
    assert run.error is not None
    assert "7 modules" in run.error.message
    assert len(service.asked) == 6


async def test_a_bundle_that_is_too_large_is_a_clear_error(
    scenarios: Scenarios, service: Service
) -> None:
    service.answers["/big"] = {"text": "x" * (11 * 1024 * 1024)}
    run = await run_of(scenarios, a_scenario(get(1, service.url + "/big")))
    assert run.error is not None
    assert (run.error.code, run.error.path) == ("limit_exceeded", "1")
    assert "Download" in run.error.hint


async def test_a_run_that_takes_too_long_is_ended_with_its_request(
    scenarios: Scenarios, service: Service
) -> None:
    service.gates["/slow"] = asyncio.Event()
    scenario = a_scenario(get(1, service.url + "/slow"), within=timedelta(milliseconds=200))
    run = await run_of(scenarios, scenario)
    assert run.error is not None
    assert run.state is RunState.FAILED
    assert "longer" in run.error.message


async def test_a_step_that_takes_its_process_down_each_time_ends_its_run(
    world: World, scenarios: Scenarios, service: Service
) -> None:
    store = world.engine.context.store
    gate = service.gates["/deadly"] = asyncio.Event()
    deadly = get(1, service.url + "/deadly", on_error=OnError(action=Action.IGNORE))
    started = await scenarios.runs.start_file(LOCAL, a_scenario(deadly))
    await service.until(lambda: service.count("/deadly") == 1)
    # What processes leave that were killed one after the other: a run in no hands, its step begun.
    with closing(sqlite3.connect(world.settings.data_dir / "grantline.db")) as database, database:
        database.execute("UPDATE run_step SET attempts = ?", (MOST_BEGUN,))
    (worker,) = store.busy_workers()
    store.release_runs(worker.id)
    gate.set()
    run = await asyncio.wait_for(scenarios.runs.wait(LOCAL, started.id), WAITS)
    (step,) = await scenarios.runs.steps(LOCAL, run.id)
    assert service.count("/deadly") == 1
    assert (run.state, step.state) == (RunState.FAILED, StepState.FAILED)
    assert step.attempts == MOST_BEGUN
    assert run.error is not None
    assert (run.error.code, run.error.message[:26]) == (
        "limit_exceeded",
        "Module 1 was begun 5 times",
    )
    assert run.error.hint


async def test_a_step_that_ended_and_is_written_is_not_kept_in_memory(world: World) -> None:
    context = world.engine.context
    rows = StepRows(context, Seals(context.vault, "local"), "local", "srn_1", ())
    now, first = context.clock.now(), variables(1, a=1)
    row = rows.begin("2/1/1", first, now, connection_id=None)
    rows.take()
    assert rows.find("2/1/1") == row
    rows.finish(row, StepState.SUCCEEDED, now)
    rows.take()
    assert rows.find("2/1/1") is None

"""Who goes on with runs, and when: in turn, asleep, cancelled."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import (
    DownloadFile,
    HttpCall,
    Sleep,
    request_of,
)
from grantline.scenarios.modules.files import OF_RUNS
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs import workers
from grantline.scenarios.runs.journal import Journal
from grantline.scenarios.runs.run import RunState, StepState
from grantline.scenarios.service import Scenarios
from grantline.testing.clock import FakeClock
from tests.connections.world import World
from tests.run_records import SEALS, a_scenario_run
from tests.scenarios.runs.following import WAITS, run_of, steps_of
from tests.scenarios.runs.making import a_scenario, get, module
from tests.scenarios.runs.service import Service


async def test_runs_of_a_scenario_wait_for_their_turn(
    scenarios: Scenarios, service: Service
) -> None:
    gate = service.gates["/one"] = asyncio.Event()
    kept = await scenarios.create(LOCAL, a_scenario(get(1, service.url + "/one"), at_once=2))
    started = [await scenarios.runs.start(LOCAL, kept.id) for _ in range(4)]
    await service.until(lambda: service.count("/one") == 2)
    states = [(await scenarios.runs.find(LOCAL, each.id)).state for each in started]
    assert states == [RunState.RUNNING] * 2 + [RunState.WAITING] * 2
    gate.set()
    for run in started:
        assert (await scenarios.runs.wait(LOCAL, run.id)).state is RunState.SUCCEEDED
    assert service.count("/one") == 4


async def test_a_long_sleep_lets_go_and_goes_on_when_it_is_over(
    scenarios: Scenarios, service: Service, clock: FakeClock
) -> None:
    scenario = a_scenario(
        get(1, service.url + "/before/{{ run.started_at }}"),
        module(2, Sleep(span="2 h")),
        get(3, service.url + "/after/{{ 2.seconds }}/{{ run.started_at }}"),
    )
    started = await scenarios.runs.start_file(LOCAL, scenario)
    async with asyncio.timeout(WAITS):
        async for run in scenarios.runs.changes(LOCAL, started.id):
            if run.wake_at is not None:
                break
    assert (run.state, run.wake_at) == (RunState.WAITING, clock.now() + timedelta(hours=2))
    assert (await steps_of(scenarios, run))["2"] is StepState.RUNNING
    began = "2026-01-01T00%3A00%3A00Z"
    assert service.asked == [f"/before/{began}"]
    clock.advance(timedelta(hours=2))
    run = await scenarios.runs.wait(LOCAL, started.id)
    assert run.state is RunState.SUCCEEDED
    assert service.asked == [f"/before/{began}", f"/after/7200/{began}"]
    assert [each.attempts for each in await scenarios.runs.steps(LOCAL, run.id)] == [1, 1, 1]


async def test_cancelling_ends_the_request_under_way(
    scenarios: Scenarios, service: Service
) -> None:
    service.gates["/slow"] = asyncio.Event()
    scenario = a_scenario(get(1, service.url + "/slow"), get(2, service.url + "/next"))
    started = await scenarios.runs.start_file(LOCAL, scenario)
    await service.until(lambda: service.count("/slow") == 1)
    asked = await scenarios.runs.cancel(LOCAL, started.id)
    assert asked.is_cancelling
    run = await scenarios.runs.wait(LOCAL, started.id)
    assert run.state is RunState.CANCELLED
    assert await steps_of(scenarios, run) == {"1": StepState.FAILED}
    assert (await scenarios.runs.cancel(LOCAL, run.id)).state is RunState.CANCELLED
    assert service.count("/next") == 0


async def test_a_run_that_is_cancelled_while_it_waits_leaves_no_files(
    world: World, scenarios: Scenarios, service: Service
) -> None:
    scenario = a_scenario(
        module(1, DownloadFile(call=HttpCall(spec=request_of(service.url + "/file")))),
        module(2, Sleep(span="1 h")),
    )
    started = await scenarios.runs.start_file(LOCAL, scenario)
    async with asyncio.timeout(WAITS):
        async for run in scenarios.runs.changes(LOCAL, started.id):
            if run.wake_at is not None:
                break
    kept = world.settings.files / LOCAL.workspace / OF_RUNS / started.id
    assert kept.is_dir()
    run = await scenarios.runs.cancel(LOCAL, started.id)
    assert run.state is RunState.CANCELLED
    assert not kept.exists()


@pytest.mark.parametrize("serves", [True, False], ids=["serves", "command"])
async def test_a_process_that_had_nothing_to_do_is_heard_before_it_takes_up_a_run(
    world: World, service: Service, monkeypatch: pytest.MonkeyPatch, *, serves: bool
) -> None:
    monkeypatch.setattr(workers, "BEAT_EVERY", timedelta())
    store = world.engine.context.store
    gate = service.gates["/slow"] = asyncio.Event()
    scenario = a_scenario(get(1, service.url + "/slow"))
    async with open_scenarios(world.engine, world.settings, workers=serves) as scenarios:
        first = await scenarios.runs.start_file(LOCAL, scenario)
        await service.until(lambda: service.count("/slow") == 1)
        (worker,) = store.busy_workers()
        gate.set()
        await scenarios.runs.wait(LOCAL, first.id)
        # What is left of its voice after a long time: on other machines it counts as gone.
        store.leave(worker.id)
        gate.clear()
        second = await scenarios.runs.start_file(LOCAL, scenario)
        await service.until(lambda: service.count("/slow") == 2)
        (worker,) = store.busy_workers()
        gate.set()
        await scenarios.runs.wait(LOCAL, second.id)
    assert worker.silent_for is not None


@pytest.mark.parametrize("turns", range(5))
async def test_who_stops_following_a_run_stops_also_in_the_moment_in_which_it_changes(
    world: World, scenarios: Scenarios, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    tells: list[Callable[[], None]] = []
    waits = asyncio.Event()

    def watch(_journal: Journal, _run_id: str, tell: Callable[[], None]) -> Callable[[], None]:
        tells.append(tell)
        return lambda: None

    async def follow() -> None:
        async for _ in scenarios.runs.changes(LOCAL, run.id):
            waits.set()

    monkeypatch.setattr(Journal, "watch", watch)
    run = a_scenario_run(workspace=LOCAL.workspace, state="parked", connection_id="con_1")
    world.engine.context.store.add_scenario_run(run, SEALS)
    following = asyncio.create_task(follow())
    await waits.wait()
    await asyncio.sleep(0)
    tells[0]()
    for _ in range(turns):
        await asyncio.sleep(0)
    following.cancel()
    await asyncio.wait({following}, timeout=WAITS)

    assert following.cancelled()


async def test_a_process_forgets_those_that_were_killed_long_ago(
    world: World, scenarios: Scenarios, service: Service
) -> None:
    world.engine.context.store.beat("killed")
    world.clock.advance(timedelta(days=2))
    await run_of(scenarios, a_scenario(get(1, service.url + "/one")))
    with closing(sqlite3.connect(world.settings.data_dir / "grantline.db")) as database:
        names = [name for (name,) in database.execute("SELECT id FROM run_worker")]
    assert "killed" not in names

"""Runs on a real engine, database and service: how they go, wait, fail and end."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.keeping.quarantine import examine_copy
from grantline.errors import GrantlineError, InvalidInput, NotFound, Quarantined
from grantline.scenarios.definition.modules import (
    Action,
    Branch,
    DownloadFile,
    HttpCall,
    OnError,
    Respond,
    Sleep,
    request_of,
)
from grantline.scenarios.definition.scenario import Input, Scenario
from grantline.scenarios.modules.files import OF_RUNS
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs import workers
from grantline.scenarios.runs.bench import Bench
from grantline.scenarios.runs.leg import MOST_BEGUN
from grantline.scenarios.runs.run import Cause, RunState, ScenarioRun, StepState
from grantline.scenarios.runs.sealed_run import Seals
from grantline.scenarios.runs.step_rows import StepRows
from grantline.scenarios.service import Scenarios
from grantline.testing.clock import FakeClock
from tests.connections.world import World
from tests.scenarios.runs.making import a_scenario, collect, each, get, module, router, variables
from tests.scenarios.runs.service import Service, a_service

WAITS = 30


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with a_service() as running:
        yield running


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


async def test_a_run_goes_from_module_to_module_and_keeps_what_each_saw_and_gave(
    scenarios: Scenarios, service: Service, clock: FakeClock
) -> None:
    service.answers["/list"] = {"items": ["a b", 2.50]}
    scenario = a_scenario(
        get(1, service.url + "/list?since={{ input.since }}"),
        each(2, "{{ 1.data.items }}"),
        get(3, service.url + "/item/{{ 2.value }}", name="One item"),
        collect(4, 2, "{{ 3.data.path }}"),
        variables(5, found="{{ 4.count }}"),
        get(6, service.url + "/end?n={{ vars.found }}"),
        inputs=(Input(name="since", default="today"),),
    )
    run = await run_of(scenarios, scenario)
    assert (run.state, run.error, run.steps, run.cause) == (
        RunState.SUCCEEDED,
        None,
        7,
        Cause.BY_HAND,
    )
    assert (run.ended_at, run.started_at) == (clock.now(), clock.now())
    assert service.asked == ["/list?since=today", "/item/a%20b", "/item/2.5", "/end?n=2"]
    steps = await scenarios.runs.steps(LOCAL, run.id)
    assert [(step.path, step.seq, step.attempts) for step in steps] == [
        ("1", 1, 1), ("2", 2, 1), ("2/1/3", 3, 1), ("2/2/3", 4, 1), ("4", 5, 1), ("5", 6, 1),
        ("6", 7, 1),
    ]  # fmt: skip
    assert steps[2].label == "One item"
    collected = await scenarios.runs.step(LOCAL, run.id, "4")
    assert collected.output == {"value": ["/item/a b", "/item/2.5"], "count": 2}
    asked = await scenarios.runs.step(LOCAL, run.id, "2/1/3")
    assert asked.output["status"] == 200
    assert asked.input["url"] == service.url + "/item/a%20b"
    assert asked.step.output_size > 0
    detail = await scenarios.runs.detail(LOCAL, run.id)
    assert detail.scenario == scenario
    assert detail.inputs == {"since": "today"}


async def test_a_kept_scenario_is_run_by_name_and_shows_its_last_outputs(
    scenarios: Scenarios, service: Service
) -> None:
    kept = await scenarios.create(LOCAL, a_scenario(get(1, service.url + "/me")))
    started = await scenarios.runs.start(LOCAL, "Nightly", cause=Cause.SCHEDULE)
    run = await scenarios.runs.wait(LOCAL, started.id)
    assert (run.scenario_id, run.cause) == (kept.id, Cause.SCHEDULE)
    page = await scenarios.runs.page(LOCAL, scenario_id=kept.id, state=RunState.SUCCEEDED)
    assert page.rows == (run,)
    last = await scenarios.runs.last_output(LOCAL, kept.id, 1)
    assert last is not None
    assert last.output["data"] == {"path": "/me", "q": {}}
    assert await scenarios.runs.last_output(LOCAL, kept.id, 2) is None
    await scenarios.runs.delete(LOCAL, run.id)
    with pytest.raises(NotFound):
        await scenarios.runs.find(LOCAL, run.id)


@pytest.mark.parametrize(
    ("inputs", "field"), [({"other": 1}, "inputs.other"), ({}, "inputs.since")]
)
async def test_inputs_that_are_missing_or_unknown_are_named(
    scenarios: Scenarios, service: Service, inputs: dict[str, Any], field: str
) -> None:
    scenario = a_scenario(
        get(1, service.url + "/x"), inputs=(Input(name="since", is_required=True),)
    )
    with pytest.raises(InvalidInput) as refused:
        await run_of(scenarios, scenario, **inputs)
    assert refused.value.field == field
    assert service.asked == []


async def test_a_filter_ends_the_bundle(scenarios: Scenarios, service: Service) -> None:
    scenario = a_scenario(
        get(1, service.url + "/one"),
        get(2, service.url + "/two", when="{{ 1.status == 404 }}"),
        get(3, service.url + "/three"),
    )
    run = await run_of(scenarios, scenario)
    assert run.state is RunState.SUCCEEDED
    assert await steps_of(scenarios, run) == {"1": StepState.SUCCEEDED, "2": StepState.PASSED_OVER}
    assert service.asked == ["/one"]


async def test_a_router_goes_where_conditions_hold_and_else_its_fallback(
    scenarios: Scenarios, service: Service
) -> None:
    def asks(number: int, name: str) -> tuple[Any, ...]:
        return (get(number, f"{service.url}/{name}"),)

    scenario = a_scenario(
        router(
            1,
            Branch(name="big", when="{{ input.n > 10 }}", modules=asks(2, "big")),
            Branch(when="{{ input.n > 5 }}", modules=asks(3, "middle")),
            Branch(is_fallback=True, modules=asks(4, "small")),
        ),
        *asks(5, "all"),
        inputs=(Input(name="n"),),
    )
    big = await run_of(scenarios, scenario, n=11)
    assert (await scenarios.runs.step(LOCAL, big.id, "1")).output["names"] == ["big", "2"]
    await run_of(scenarios, scenario, n=6)
    await run_of(scenarios, scenario, n=1)
    assert service.asked == ["/big", "/middle", "/all", "/middle", "/all", "/small", "/all"]


async def test_a_module_that_fails_ends_the_run_and_says_why(
    scenarios: Scenarios, service: Service
) -> None:
    service.answers["/bad"] = 500
    scenario = a_scenario(get(1, service.url + "/bad"), get(2, service.url + "/next"))
    run = await run_of(scenarios, scenario)
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.path) == ("upstream_error", "1")
    step = await scenarios.runs.step(LOCAL, run.id, "1")
    assert step.step.state is StepState.FAILED
    assert step.failure["status"] == 500
    assert step.output is None


async def test_an_expression_that_fails_names_its_module(
    scenarios: Scenarios, service: Service
) -> None:
    scenario = a_scenario(
        get(1, service.url + "/one"), get(2, service.url + "/{{ 1.data.missing }}")
    )
    run = await run_of(scenarios, scenario)
    assert run.error is not None
    assert (run.error.code, run.error.path) == ("expression_failed", "2")


async def test_a_failure_that_is_ignored_ends_only_its_bundle(
    scenarios: Scenarios, service: Service
) -> None:
    service.answers |= {"/list": {"items": [1, 2, 3]}, "/item/2": 503}
    scenario = a_scenario(
        get(1, service.url + "/list"),
        each(2, "{{ 1.data.items }}"),
        get(3, service.url + "/item/{{ 2.value }}", on_error=OnError(action=Action.IGNORE)),
        collect(4, 2, "{{ 2.value }}"),
    )
    run = await run_of(scenarios, scenario)
    assert run.state is RunState.SUCCEEDED
    assert (await steps_of(scenarios, run))["2/2/3"] is StepState.IGNORED
    assert (await scenarios.runs.step(LOCAL, run.id, "4")).output["value"] == [1, 3]


async def test_a_failure_may_fall_back_on_a_bundle_written_down_for_it(
    scenarios: Scenarios, service: Service
) -> None:
    service.answers["/rate"] = 502
    handler = OnError(action=Action.FALLBACK, fallback={"data": {"rate": "{{ input.rate }}"}})
    scenario = a_scenario(
        get(1, service.url + "/rate", on_error=handler),
        get(2, service.url + "/use/{{ 1.data.rate }}"),
        inputs=(Input(name="rate", default=7),),
    )
    run = await run_of(scenarios, scenario)
    assert run.state is RunState.SUCCEEDED
    step = await scenarios.runs.step(LOCAL, run.id, "1")
    assert step.output == {"data": {"rate": 7}}
    assert step.step.error is not None
    assert service.asked[-1] == "/use/7"


async def test_a_retry_later_waits_longer_each_time_and_then_fails(
    scenarios: Scenarios, service: Service, clock: FakeClock
) -> None:
    service.answers["/bad"] = 500
    handler = OnError(action=Action.RETRY_LATER, after=timedelta(minutes=10), attempts=2)
    scenario = a_scenario(
        get(1, service.url + "/ok"), get(2, service.url + "/bad", on_error=handler)
    )
    started = await scenarios.runs.start_file(LOCAL, scenario)
    for times, minutes in ((2, 10), (3, 20)):
        run = await until(scenarios, started.id, RunState.RETRYING)
        assert run.wake_at == clock.now() + timedelta(minutes=minutes)
        assert run.error is not None
        clock.advance(timedelta(minutes=minutes))
        await service.until(partial(lambda n: service.count("/bad") == n, times))
    run = await until(scenarios, started.id, RunState.FAILED)
    (ok, bad) = await scenarios.runs.steps(LOCAL, run.id)
    assert (ok.attempts, bad.attempts, bad.retries) == (1, 1, 2)
    assert service.count("/ok") == 1


async def test_a_long_sleep_lets_go_and_goes_on_when_it_is_over(
    scenarios: Scenarios, service: Service, clock: FakeClock
) -> None:
    scenario = a_scenario(
        get(1, service.url + "/before"),
        module(2, Sleep(span="2 h")),
        get(3, service.url + "/after/{{ 2.seconds }}"),
    )
    started = await scenarios.runs.start_file(LOCAL, scenario)
    async with asyncio.timeout(WAITS):
        async for run in scenarios.runs.changes(LOCAL, started.id):
            if run.wake_at is not None:
                break
    assert (run.state, run.wake_at) == (RunState.WAITING, clock.now() + timedelta(hours=2))
    assert (await steps_of(scenarios, run))["2"] is StepState.RUNNING
    assert service.asked == ["/before"]
    clock.advance(timedelta(hours=2))
    run = await scenarios.runs.wait(LOCAL, started.id)
    assert run.state is RunState.SUCCEEDED
    assert service.asked == ["/before", "/after/7200"]
    assert [each.attempts for each in await scenarios.runs.steps(LOCAL, run.id)] == [1, 1, 1]


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


async def test_a_dead_connection_parks_runs_whatever_the_handler_says(
    world: World, scenarios: Scenarios, service: Service
) -> None:
    connection = await world.draft()
    ignoring = OnError(action=Action.IGNORE)
    scenario = a_scenario(
        get(1, service.url + "/before"),
        get(2, world.server.api_url + "/me", connection.id, on_error=ignoring),
        get(3, service.url + "/after"),
    )
    run = await run_of(scenarios, scenario)
    assert (run.state, run.connection_id) == (RunState.PARKED, connection.id)
    assert run.error is not None
    page = await scenarios.runs.page(LOCAL, connection_id=connection.id)
    assert [each.id for each in page.rows] == [run.id]
    await world.authorize(connection)
    run = await until(scenarios, run.id, RunState.SUCCEEDED)
    assert run.connection_id is None
    assert (service.count("/before"), service.count("/after")) == (1, 1)


def before_parking(
    monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[object]]
) -> None:
    """Lets something happen between the error of a module and the look at its connection."""
    look = Bench.parked_generation

    async def late(bench: Bench, connection_id: str) -> int:
        await happens()
        return await look(bench, connection_id)

    monkeypatch.setattr(Bench, "parked_generation", late)


async def test_a_connection_that_is_authorized_as_its_run_is_parked_lets_it_go_on(
    world: World, scenarios: Scenarios, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await world.draft()
    before_parking(monkeypatch, lambda: world.authorize(connection))
    scenario = a_scenario(get(1, world.server.api_url + "/me", connection.id))
    started = await scenarios.runs.start_file(LOCAL, scenario)
    await until(scenarios, started.id, RunState.SUCCEEDED)


async def test_a_connection_that_is_deleted_as_its_run_is_parked_is_a_failure_of_its_module(
    world: World, scenarios: Scenarios, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await world.draft()
    before_parking(monkeypatch, lambda: world.engine.delete(LOCAL, connection.id))
    ignoring = OnError(action=Action.IGNORE)
    scenario = a_scenario(get(1, world.server.api_url + "/me", connection.id, on_error=ignoring))
    run = await run_of(scenarios, scenario)
    assert run.state is RunState.SUCCEEDED
    (step,) = await scenarios.runs.steps(LOCAL, run.id)
    assert step.state is StepState.IGNORED
    assert step.error is not None
    assert step.error.code == "connection_not_found"


async def test_a_run_is_repeated_from_a_step_with_what_came_before_it(
    scenarios: Scenarios, service: Service
) -> None:
    service.answers |= {"/list": {"items": [1, 2, 3]}, "/item/2": 500}
    scenario = a_scenario(
        get(1, service.url + "/list"),
        each(2, "{{ 1.data.items }}"),
        get(3, service.url + "/item/{{ 2.value }}"),
        collect(4, 2, "{{ 3.data.path }}"),
    )
    failed = await run_of(scenarios, scenario)
    assert failed.error is not None
    assert failed.error.path == "2/2/3"
    del service.answers["/item/2"]
    again = await scenarios.runs.rerun(LOCAL, failed.id, from_step="2/2/3")
    run = await scenarios.runs.wait(LOCAL, again.id)
    assert (run.state, run.cause) == (RunState.SUCCEEDED, Cause.RERUN)
    assert (run.origin_run_id, run.origin_path) == (failed.id, "2/2/3")
    assert (service.count("/list"), service.count("/item/1"), service.count("/item/2")) == (1, 1, 2)
    output = (await scenarios.runs.step(LOCAL, run.id, "4")).output
    assert output["value"] == ["/item/1", "/item/2", "/item/3"]
    with pytest.raises(NotFound):
        await scenarios.runs.rerun(LOCAL, failed.id, from_step="2/9/3")
    whole = await scenarios.runs.rerun(LOCAL, failed.id)
    assert (await scenarios.runs.wait(LOCAL, whole.id)).state is RunState.SUCCEEDED
    assert service.count("/list") == 2


async def test_the_first_answer_of_a_run_is_kept(scenarios: Scenarios) -> None:
    scenario = a_scenario(
        module(1, Respond(status="201", headers=(("X-A", "b"),))), module(2, Respond(status="500"))
    )
    run = await run_of(scenarios, scenario)
    answer = await scenarios.runs.answer(LOCAL, run.id)
    assert answer is not None
    assert (answer.status, answer.headers, answer.body) == (201, (("X-A", "b"),), b"")


async def test_nothing_runs_in_a_copy_of_a_database(
    world: World, scenarios: Scenarios, service: Service
) -> None:
    store = world.engine.context.store
    store.settle("elsewhere", "the original")
    world.engine.context.quarantine = examine_copy(store, "")
    with pytest.raises(Quarantined) as refused:
        await run_of(scenarios, a_scenario(get(1, service.url + "/x")))
    assert "only-copy" in refused.value.hint
    assert (await scenarios.runs.page(LOCAL)).total == 0


async def test_runs_of_another_workspace_do_not_exist(
    scenarios: Scenarios, service: Service
) -> None:
    run = await run_of(scenarios, a_scenario(get(1, service.url + "/x")))
    other = replace(LOCAL, workspace="other")
    runs = scenarios.runs
    for ask in (
        runs.find(other, run.id),
        runs.detail(other, run.id),
        runs.steps(other, run.id),
        runs.step(other, run.id, "1"),
        runs.cancel(other, run.id),
        runs.rerun(other, run.id),
        runs.wait(other, run.id),
        runs.answer(other, run.id),
        runs.delete(other, run.id),
    ):
        with pytest.raises(GrantlineError):
            await ask
    assert (await runs.page(other)).total == 0


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


async def test_a_process_forgets_those_that_were_killed_long_ago(
    world: World, scenarios: Scenarios, service: Service
) -> None:
    world.engine.context.store.beat("killed")
    world.clock.advance(timedelta(days=2))
    await run_of(scenarios, a_scenario(get(1, service.url + "/one")))
    with closing(sqlite3.connect(world.settings.data_dir / "grantline.db")) as database:
        names = [name for (name,) in database.execute("SELECT id FROM run_worker")]
    assert "killed" not in names


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

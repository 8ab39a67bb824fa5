"""What the failure of a module leads to: an end, a fallback, another try, a park."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import (
    Action,
    OnError,
)
from grantline.scenarios.definition.scenario import Input
from grantline.scenarios.runs.bench import Bench
from grantline.scenarios.runs.run import RunState, StepState
from grantline.scenarios.service import Scenarios
from grantline.testing.clock import FakeClock
from tests.connections.world import World
from tests.scenarios.runs.following import run_of, steps_of, until
from tests.scenarios.runs.making import a_scenario, collect, each, get
from tests.scenarios.runs.service import Service


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

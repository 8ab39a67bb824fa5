"""Runs on a real engine, database and service: how they go, and how they are looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.keeping.quarantine import examine_copy
from grantline.errors import GrantlineError, InvalidInput, NotFound, Quarantined
from grantline.scenarios.definition.modules import (
    Branch,
    Respond,
)
from grantline.scenarios.definition.scenario import Input
from grantline.scenarios.runs.run import Cause, RunState, StepState
from grantline.scenarios.service import Scenarios
from grantline.testing.clock import FakeClock
from tests.connections.world import World
from tests.scenarios.runs.following import run_of, steps_of
from tests.scenarios.runs.making import a_scenario, collect, each, get, module, router, variables
from tests.scenarios.runs.service import Service


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


async def test_the_first_answer_of_a_run_is_kept(scenarios: Scenarios) -> None:
    scenario = a_scenario(
        module(1, Respond(status="201", headers=(("X-A", "b"),))), module(2, Respond(status="500"))
    )
    run = await run_of(scenarios, scenario)
    answer = await scenarios.runs.answer(LOCAL, run.id)
    assert answer is not None
    assert (answer.status, answer.headers, answer.body) == (201, (("X-A", "b"),), b"")


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

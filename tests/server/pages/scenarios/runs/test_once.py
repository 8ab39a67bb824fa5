"""Run once: what a run is given, how it is followed, cancelled and repeated, with real runs."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import pytest

from grantline.connections.connection import Connection
from grantline.connections.credentials.credential import CredentialIds, Kind
from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import (
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    SetVariables,
    Sleep,
    request_of,
)
from grantline.scenarios.definition.scenario import Input, Scenario
from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.runs.run import RunState
from tests.connections.credential_values import CANARY as CREDENTIAL
from tests.connections.credential_values import new_credential
from tests.server.conftest import Site

PART = {"HX-Request": "true"}
INPUTS = (
    Input(name="since", is_required=True, note="The first day"),
    Input(name="limit", default=50),
    Input(name="word", default="any"),
)


def variables(number: int, **values: Any) -> Module:
    return Module(id=number, does=SetVariables(variables=tuple(values.items())))


async def kept(
    site: Site, *modules: Module, inputs: tuple[Input, ...] = (), name: str = "Orders"
) -> KeptScenario:
    return await site.scenarios.create(LOCAL, Scenario(name=name, modules=modules, inputs=inputs))


async def started(site: Site, scenario: KeptScenario, **given: str) -> str:
    """The id of a run that a form without scripts has started."""
    fields = {f"input.{name}": value for name, value in given.items()}
    answer = await site.post(f"/scenarios/{scenario.id}/runs", fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rpartition("/")[2]


async def test_a_run_is_given_what_was_typed_each_of_its_kind(site: Site) -> None:
    scenario = await kept(site, variables(1, got="{{ input.limit }}"), inputs=INPUTS)
    page = html.unescape((await site.get(f"/scenarios/{scenario.id}/run")).text)
    assert "The first day" in page
    assert 'value="50"' in page
    run_id = await started(site, scenario, since="2026-11-01", limit="[1, 2]", word="")
    await site.scenarios.runs.wait(LOCAL, run_id)
    detail = await site.scenarios.runs.detail(LOCAL, run_id)
    assert detail.inputs == {"since": "2026-11-01", "limit": [1, 2], "word": ""}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"input.limit": "5"}, ["The input since is missing. The first day", "field-since"]),
        ({"input.since": "x", "input.limit": "[1"}, ["no JSON value", "like its default: 50"]),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    site: Site, given: dict[str, str], words: Sequence[str]
) -> None:
    scenario = await kept(site, variables(1, a=1), inputs=INPUTS)
    answer = await site.post(f"/scenarios/{scenario.id}/runs", given)
    shown = html.unescape(answer.text)
    assert answer.status_code == 400
    assert all(each in shown for each in words), shown
    assert f'value="{given["input.limit"]}"' in shown
    dialog = {**PART, "HX-Target": "run-inputs-form"}
    part = await site.post(f"/scenarios/{scenario.id}/runs", given, headers=dialog)
    assert part.text.lstrip().startswith('<form id="run-inputs-form"')
    assert (await site.scenarios.runs.page(LOCAL)).total == 0


async def test_the_editor_shows_a_run_beside_its_modules_and_follows_it(site: Site) -> None:
    scenario = await kept(site, variables(1, a=1), variables(2, b="{{ vars.a }}"))
    editor = (await site.get(f"/scenarios/{scenario.id}")).text
    assert "data-run" in editor
    assert 'id="run-live"' in editor
    answer = await site.post(f"/scenarios/{scenario.id}/runs", headers=PART)
    assert answer.headers["hx-retarget"] == "#run-live"
    run = (await site.scenarios.runs.page(LOCAL)).rows[0]
    await site.scenarios.runs.wait(LOCAL, run.id)
    live = await site.get(f"/scenarios/runs/{run.id}/live?revision=0", headers=PART)
    assert live.text.count("data-light=") == 2
    assert live.text.count('data-state="succeeded"') == 2
    assert "The run succeeded after" in live.text
    assert "every 500ms" not in live.text


async def test_a_scenario_that_cannot_run_says_why_beside_its_modules(site: Site) -> None:
    scenario = await kept(site, variables(1, a="{{ 9.data }}"))
    answer = await site.post(f"/scenarios/{scenario.id}/runs", headers=PART)
    assert "Nothing was started." in answer.text
    assert 'id="run-live"' in answer.text


async def test_a_page_that_follows_a_run_hears_of_its_end_and_then_of_nothing(site: Site) -> None:
    scenario = await kept(site, variables(1, a=1))
    run_id = await started(site, scenario)
    await site.scenarios.runs.wait(LOCAL, run_id)
    told = await site.get(f"/scenarios/runs/{run_id}/progress?revision=0", headers=PART)
    assert 'id="run-state" hx-swap-oob' in told.text
    assert "The run succeeded after" in told.text
    assert 'action="/scenarios/runs/' + run_id + '/rerun"' in told.text


async def test_items_are_told_by_numbers(site: Site) -> None:
    scenario = await kept(
        site, Module(id=1, does=Iterate(items="{{ [1, 2, 3, 4, 5, 6, 7] }}")), variables(2, a=1)
    )
    run_id = await started(site, scenario)
    run = await site.scenarios.runs.wait(LOCAL, run_id)
    assert run.state is RunState.SUCCEEDED, run.error
    live = await site.get(f"/scenarios/runs/{run_id}/live?revision=0", headers=PART)
    assert "7 of 7" in live.text


async def test_a_run_that_sleeps_says_so_and_is_cancelled(site: Site) -> None:
    scenario = await kept(site, Module(id=1, does=Sleep(span="1 h")), variables(2, a=1))
    run_id = await started(site, scenario)
    async for run in site.scenarios.runs.changes(LOCAL, run_id):
        if run.wake_at is not None:
            break
    shown = (await site.get(f"/scenarios/runs/{run_id}")).text
    assert "It sleeps, and goes on" in shown
    unchanged = f"/scenarios/runs/{run_id}/progress?revision={run.revision}"
    assert unchanged in html.unescape(shown)
    answer = await site.post(f"/scenarios/runs/{run_id}/cancel")
    assert answer.headers["location"] == f"/scenarios/runs/{run_id}"
    assert (await site.scenarios.runs.wait(LOCAL, run_id)).state is RunState.CANCELLED


async def test_a_rerun_from_a_step_takes_over_what_came_before(site: Site) -> None:
    connection = await site.world.authorized()
    scenario = await kept(site, request(1, connection), request(2, connection))
    run_id = await started(site, scenario)
    await site.scenarios.runs.wait(LOCAL, run_id)
    calls = len(site.world.server.journal.entries)
    answer = await site.post(f"/scenarios/runs/{run_id}/rerun", {"step": "2"})
    again = str(answer.headers["location"]).rpartition("/")[2]
    await site.scenarios.runs.wait(LOCAL, again)
    assert len(site.world.server.journal.entries) == calls + 1
    shown = html.unescape((await site.get(f"/scenarios/runs/{again}")).text)
    assert f'/scenarios/runs/{run_id}">an earlier run</a>, from step' in shown
    assert f"compare?a={run_id}&b={again}" in shown


async def test_a_run_that_waits_for_a_connection_leads_to_its_consent_and_goes_on(
    site: Site,
) -> None:
    connection = await site.world.draft("orders")
    scenario = await kept(site, variables(1, a=1), request(2, connection), variables(3, b=1))
    run_id = await started(site, scenario)
    assert (await site.scenarios.runs.wait(LOCAL, run_id)).state is RunState.PARKED
    shown = html.unescape((await site.get(f"/scenarios/runs/{run_id}")).text)
    assert "It waits for the connection" in shown
    assert f'action="/connections/{connection.id}/authorize"' in shown
    assert f'name="return_to" value="/scenarios/runs/{run_id}"' in shown
    told = (await site.get(f"/connections/{connection.id}")).text
    assert "One run waits for this connection." in told

    await site.world.authorize(connection)
    async for run in site.scenarios.runs.changes(LOCAL, run_id):
        if run.state.has_ended:
            break
    assert run.state is RunState.SUCCEEDED
    assert "waits for this" not in (await site.get(f"/connections/{connection.id}")).text


async def test_the_token_of_a_connection_is_on_no_page_of_a_run(site: Site) -> None:
    connection = await site.world.authorized("orders")
    token = await site.world.token(connection)
    scenario = await kept(site, request(1, connection, url="/echo?reveal=1"))
    run_id = await started(site, scenario)
    run = await site.scenarios.runs.wait(LOCAL, run_id)
    assert run.state is RunState.SUCCEEDED, run.error
    shown = html.unescape((await site.get(f"/scenarios/runs/{run_id}/steps/1")).text)
    assert f'<a href="/connections/{connection.id}">orders</a>' in shown
    assert "•••" in shown
    assert token not in shown
    for side in ("input", "output"):
        bundle = await site.get(f"/scenarios/runs/{run_id}/bundle?step=1&side={side}")
        assert token not in bundle.text


async def test_what_one_module_hands_on_to_another_is_masked_there_as_well(site: Site) -> None:
    connection = await site.world.authorized("orders")
    token = await site.world.token(connection)
    key = await site.world.engine.credentials.create(LOCAL, new_credential(Kind.KEY, name="key"))
    off = HttpCall(
        spec=request_of("https://api.example/"),
        credentials=CredentialIds(credential_id=key.id),
    )
    values = (("answered", "{{ 1.data }}"), ("typed", CREDENTIAL))
    scenario = await kept(
        site,
        request(1, connection, url="/echo?reveal=1"),
        Module(id=2, does=SetVariables(variables=values)),
        Module(id=3, does=MakeRequest(call=off), is_enabled=False),
    )
    run_id = await started(site, scenario)
    run = await site.scenarios.runs.wait(LOCAL, run_id)
    assert run.state is RunState.SUCCEEDED, run.error
    for path in (f"{run_id}/steps/2", f"{run_id}/bundle?step=2&side=output"):
        shown = (await site.get(f"/scenarios/runs/{path}")).text
        assert "•••" in shown
        assert token not in shown
        assert CREDENTIAL not in shown


def request(number: int, connection: Connection, url: str = "/me") -> Module:
    call = HttpCall(spec=request_of(url), connection_id=connection.id)
    return Module(id=number, does=MakeRequest(call=call))

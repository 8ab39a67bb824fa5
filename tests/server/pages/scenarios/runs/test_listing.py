"""The pages of runs: lists and filters, one run, its items and steps, two of them compared."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import (
    Branch,
    HttpCall,
    MakeRequest,
    Module,
    Router,
    request_of,
)
from grantline.scenarios.definition.scenario import Scenario
from grantline.store.records.runs import ScenarioRunRecord
from tests.server.conftest import Site
from tests.server.run_rows import ASKED, REFUSED, Step, failed, keep_run, looped

FAILED = {"state": "failed", **REFUSED}


def a_module(number: int, name: str = "") -> Module:
    call = HttpCall(spec=request_of("https://api.example.com/orders"))
    return Module(id=number, name=name, does=MakeRequest(call=call))


PLAIN = Scenario(name="Orders", modules=(a_module(1, "Read orders"), a_module(2)))


async def a_run(site: Site, *steps: Step, **columns: Any) -> ScenarioRunRecord:
    scenario = columns.pop("scenario", PLAIN)
    return await keep_run(site.world.engine.context, scenario, steps, **columns)


async def shown(site: Site, path: str, *, status: int = 200) -> str:
    answer = await site.get(path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text)


async def test_the_empty_list_teaches_the_next_step(site: Site) -> None:
    assert "No runs yet" in await shown(site, "/scenarios/runs")


async def test_filters_are_in_the_address(site: Site) -> None:
    connection = await site.world.authorized()
    await a_run(site, id="srn_a", **FAILED)
    await a_run(site, id="srn_b", cause="schedule")
    long_ago = site.world.engine.context.clock.now() - timedelta(days=3)
    await a_run(site, id="srn_c", created_at=long_ago)
    await a_run(site, id="srn_e", state="parked", connection_id=connection.id)
    for query, found in (
        ("state=failed", "a"),
        ("cause=schedule", "b"),
        ("within=1d", "abe"),
        ("q=answered+422", "a"),
        ("q=SRN_B", "b"),
        (f"connection={connection.id}", "e"),
        ("state=nonsense&cause=nonsense&within=nonsense", "abce"),
    ):
        text = await shown(site, f"/scenarios/runs?{query}")
        assert [each for each in "abce" if f'/runs/srn_{each}"' in text] == list(found), query
    assert "No run fits" in await shown(site, "/scenarios/runs?q=nothing+has+this")


async def test_the_list_of_one_scenario_has_its_runs_alone_and_pages(site: Site) -> None:
    kept = await site.scenarios.create(LOCAL, PLAIN)
    for number in range(27):
        await a_run(site, id=f"srn_{number}", scenario_id=kept.id)
    await a_run(site, id="srn_other")
    text = await shown(site, f"/scenarios/{kept.id}/runs?cause=by_hand")
    assert "1 to 25 of 27" in text
    assert f"/scenarios/{kept.id}/runs?cause=by_hand&page=2" in text
    assert "srn_other" not in text
    assert "28" in await shown(site, "/scenarios/runs")


async def test_states_say_in_words_what_a_run_waits_for(site: Site) -> None:
    connection = await site.world.authorized("sheets")
    await a_run(site, state="parked", connection_id=connection.id)
    wake_at = site.world.engine.context.clock.now() + timedelta(minutes=8)
    await a_run(site, state="retrying", wake_at=wake_at, **REFUSED)
    text = await shown(site, "/scenarios/runs")
    assert "Waits for a connection" in text
    assert f'href="/connections/{connection.id}" aria-label="Reauthorize sheets"' in text
    assert "in 8 min" in text


async def test_a_run_shows_its_steps_in_order_with_time_and_size(site: Site) -> None:
    run = await a_run(site, Step(path="1"), failed("2", retries=2), **FAILED, error_path="2")
    text = await shown(site, f"/scenarios/runs/{run.id}")
    assert text.index("Read orders") < text.index(f'id="step-2" href="/scenarios/runs/{run.id}/')
    assert "The service answered 422." in text
    assert "3 attempts" in text
    assert "120 ms" in text
    assert f'href="/scenarios/runs/{run.id}/steps/2">Open the step that failed' in text
    assert text.count(">Re-run from here<") == 2
    assert "/progress" not in text, "a run that has ended is not followed"


async def test_a_run_that_goes_on_is_followed_and_can_be_cancelled(site: Site) -> None:
    run = await a_run(site, Step(path="1", state="running"), state="running", worker="w")
    text = await shown(site, f"/scenarios/runs/{run.id}")
    assert f"/scenarios/runs/{run.id}/progress?revision=1" in text
    assert f'action="/scenarios/runs/{run.id}/cancel"' in text
    assert "Re-run" not in text


async def test_items_that_failed_come_first_and_all_have_a_page(site: Site) -> None:
    run = await a_run(site, *looped(240, bad=[17, 201]), **FAILED, error_path="2/17/4")
    text = await shown(site, f"/scenarios/runs/{run.id}")
    assert "240 items: 2 failed, 238 done" in text
    places = [text.index(f"Item {number} ") for number in (17, 201, 1, 2)]
    assert places == sorted(places)
    assert "Item 100 " not in text
    items = f"/scenarios/runs/{run.id}/items/2"
    assert "All 240 items" in text
    assert items in text
    assert "Item 23 " in await shown(site, items)
    assert "26 to 50 of 240" in await shown(site, f"{items}?page=2")
    only = await shown(site, f"{items}?state=failed")
    assert "Item 201 " in only
    assert "Item 1 " not in only
    assert "no such items" in await shown(site, f"/scenarios/runs/{run.id}/items/9", status=404)


async def test_a_step_in_a_branch_says_which(site: Site) -> None:
    router = Router(branches=(Branch(name="Paid", modules=(a_module(2),)),))
    scenario = Scenario(name="s", modules=(Module(id=1, does=router),))
    run = await a_run(site, Step(path="1"), Step(path="2"), scenario=scenario)
    assert ">Paid</span>" in await shown(site, f"/scenarios/runs/{run.id}")


async def test_a_step_has_an_address_with_both_bundles_and_its_neighbours(site: Site) -> None:
    kept = await site.scenarios.create(LOCAL, PLAIN)
    run = await a_run(site, Step(path="1"), Step(path="2"), scenario_id=kept.id)
    text = await shown(site, f"/scenarios/runs/{run.id}/steps/2")
    assert '"https://api.example.com/orders"' in text
    assert "12.50" in text
    assert f"/scenarios/runs/{run.id}/steps/1" in text
    assert f"/scenarios/{kept.id}/modules/2" in text
    assert (await site.get(f"/scenarios/runs/{run.id}/steps/9")).status_code == 404


async def test_a_step_that_failed_says_why_and_marks_the_words_of_the_service(site: Site) -> None:
    run = await a_run(site, *looped(20, bad=[17]), **FAILED)
    text = await shown(site, f"/scenarios/runs/{run.id}/steps/2/17/4")
    assert '<blockquote class="their-words">total is no number</blockquote>' in text
    assert "422 Unprocessable" in text
    assert "item 17 in iterator 2" in text
    assert "upstream_error" in text


async def test_bundles_are_downloaded_with_every_digit(site: Site) -> None:
    run = await a_run(site, Step(path="1", gave={"n": 12345678901234567890, "t": "ü"}))
    address = f"/scenarios/runs/{run.id}/bundle?step=1"
    answer = await site.get(f"{address}&side=output")
    assert json.loads(answer.content) == {"n": 12345678901234567890, "t": "ü"}
    assert answer.headers["content-disposition"].endswith(f'filename="{run.id}-1-output.json"')
    assert answer.headers["content-security-policy"].startswith("sandbox;")
    assert json.loads((await site.get(f"{address}&side=input")).content) == ASKED


async def test_a_large_bundle_is_cut_on_the_page_and_whole_in_the_download(site: Site) -> None:
    large = {"data": ["x" * 1000] * 9_000}
    run = await a_run(site, Step(path="1", gave=large))
    answer = await site.get(f"/scenarios/runs/{run.id}/steps/1")
    assert "Download all 9.0 MB" in answer.text
    assert len(answer.text) < 1_000_000
    whole = await site.get(f"/scenarios/runs/{run.id}/bundle?step=1")
    assert json.loads(whole.content) == large


async def test_two_runs_are_compared_step_by_step(site: Site) -> None:
    changed = {"status": 200, "data": {"items": [{"id": 1, "total": "99.99"}], "next": None}}
    one = await a_run(site, Step(path="1"), Step(path="2"))
    other = await a_run(
        site,
        Step(path="1", gave=changed, took=timedelta(seconds=2)),
        failed("2"),
        Step(path="3"),
        created_at=site.world.engine.context.clock.now(),
    )
    text = await shown(site, f"/scenarios/runs/compare?a={one.id}&b={other.id}")
    assert "2 of 3 steps differ in state or size" in text
    assert "<code>data.items[0].total</code>" in text
    assert '<code>"12.50"</code>' in text
    assert '<code>"99.99"</code>' in text
    assert "B took 16.7 times as long" in text
    assert "not carried out" in text
    same = await shown(site, f"/scenarios/runs/compare?a={one.id}&b={one.id}")
    assert same.count("the same</span>") == 2


async def test_two_ticks_lead_to_the_comparison_the_earlier_run_first(site: Site) -> None:
    now = site.world.engine.context.clock.now()
    late = await a_run(site, Step(path="1"), created_at=now)
    early = await a_run(site, Step(path="1"))
    answer = await site.get(f"/scenarios/runs/compare?run={late.id}&run={early.id}")
    assert answer.headers["location"] == f"/scenarios/runs/compare?a={early.id}&b={late.id}"
    answer = await site.get(f"/scenarios/runs/compare?run={late.id}")
    assert answer.headers["location"] == "/scenarios/runs"


async def test_connections_tell_of_runs_that_wait_for_them(site: Site) -> None:
    connection = await site.world.authorized("sheets")
    assert "wait for" not in await shown(site, "/connections")
    for _ in range(3):
        await a_run(site, state="parked", connection_id=connection.id)
    text = await shown(site, f"/connections/{connection.id}")
    assert "3 runs wait for this connection." in text
    assert f"/scenarios/runs?state=parked&connection={connection.id}" in text
    assert "3 runs wait for a connection" in await shown(site, "/connections")


@pytest.mark.parametrize(
    "path", ["", "/steps/1", "/bundle?step=1", "/items/2", "/progress", "/live"]
)
async def test_a_run_that_is_not_mine_is_not_found(site: Site, path: str) -> None:
    await shown(site, f"/scenarios/runs/srn_of_somebody_else{path}", status=404)


async def test_a_run_that_goes_on_says_how_many_items_there_will_be(site: Site) -> None:
    steps = looped(240)[: 2 + 2 * 17]
    steps[1] = replace(steps[1], gave={"items": [], "total": 240})
    run = await a_run(site, *steps, state="running", worker="w")
    assert ">17 of 240<" in (await shown(site, f"/scenarios/runs/{run.id}")).replace("</svg>", ">")
    live = await site.get(f"/scenarios/runs/{run.id}/live?revision=0")
    assert live.text.count("17 of 240") == 2


async def test_a_step_under_way_when_its_run_was_cancelled_is_broken_off(site: Site) -> None:
    run = await a_run(site, Step(path="1", state="running"), state="cancelled")
    assert "Broken off" in await shown(site, f"/scenarios/runs/{run.id}")
    assert "Broken off" in await shown(site, f"/scenarios/runs/{run.id}/steps/1")

"""Scenarios in the web app, as a browser asks for them with and without scripts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.manage import NewConnection
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.scenarios.definition.edits import place_of
from grantline.scenarios.definition.modules import (
    Aggregate,
    Branch,
    HttpCall,
    Iterate,
    MakeRequest,
    Module,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.definition.scenario import Bounds, Input, Scenario
from grantline.scenarios.definition.triggers import Schedule, Webhook
from grantline.scenarios.kept import KeptScenario
from grantline.server.pages.scenarios.picker import last_values
from tests.server.conftest import NAME, Site
from tests.server.page_form import PageForm

ACTOR = Actor(user=NAME)
PART = {"HX-Request": "true"}
REST = Module(id=6, does=Sleep())
LOOP = (
    Module(id=1, name="Numbers", does=SetVariables(variables=(("list", [1, 2]),))),
    Module(id=2, name="Each", does=Iterate(items="{{ vars.list }}")),
    Module(id=3, name="Wait", when="{{ 2.value > 1 }}", does=Sleep(span="{{ 2.value }}")),
    Module(id=4, name="All", does=Aggregate(source=2, value="{{ 2.value }}")),
    Module(
        id=5,
        name="Ways",
        does=Router(
            branches=(
                Branch(name="Many", when="{{ 4.count > 1 }}", modules=(REST,)),
                Branch(name="Few", is_fallback=True),
            )
        ),
    ),
)


async def kept(site: Site, *modules: Module, name: str = "Nightly", **given: Any) -> KeptScenario:
    return await site.scenarios.create(ACTOR, Scenario(name=name, modules=modules, **given))


async def now(site: Site, scenario: KeptScenario) -> KeptScenario:
    return await site.scenarios.find(ACTOR, scenario.id)


async def do(site: Site, scenario: KeptScenario, what: str, **sent: Any) -> Any:
    """Presses a button of the editor, as a script does."""
    form = {"version": scenario.version, **sent}
    return await site.post(f"/scenarios/{scenario.id}/{what}", form, headers=PART)


def order(scenario: Scenario) -> list[int]:
    return [each.id for each in scenario.each_module()]


async def test_an_empty_list_teaches_how_to_begin(site: Site) -> None:
    page = (await site.get("/scenarios")).text
    assert "No scenarios yet" in page
    assert 'href="/scenarios/new"' in page
    assert 'href="/scenarios/import"' in page
    assert page.count('name="example"') == 3


@pytest.mark.parametrize("example", ["list-into-sheet", "webhook-fan-out", "nightly-download"])
async def test_each_example_is_in_order(site: Site, example: str) -> None:
    made = await site.post("/scenarios/import", {"example": example})
    assert made.status_code == 303
    page = (await site.get(made.headers["location"])).text
    assert "Nothing is wrong" in page


async def test_a_connection_that_a_run_would_wait_for_is_named_in_the_editor(site: Site) -> None:
    draft = await site.world.draft()
    call = HttpCall(spec=RequestSpec(url="/me"), connection_id=draft.id)
    scenario = await kept(site, Module(id=1, does=MakeRequest(call=call)))
    waiting = (await site.get(f"/scenarios/{scenario.id}")).text
    await site.world.authorize(draft)
    ready = (await site.get(f"/scenarios/{scenario.id}")).text

    assert "A connection is not authorized" in waiting
    assert f'href="/connections/{draft.id}"' in waiting
    assert "Nothing is wrong" not in waiting
    assert "Nothing is wrong" in ready


async def test_a_new_scenario_is_empty_and_says_how_to_go_on(site: Site) -> None:
    made = await site.post("/scenarios/new", {"name": "Orders"})
    page = (await site.get(made.headers["location"])).text
    assert "<h1>" in page
    assert "Orders" in page
    assert "kind=make_request&amp;place=0.0.0" in page


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "The name is empty."), ("scn_x", "kept for ids"), ("Taken", "Taken")],
)
async def test_a_name_that_cannot_be_used_is_refused_beside_the_field(
    site: Site, name: str, words: str
) -> None:
    await kept(site, name="Taken")
    refused = await site.post("/scenarios/new", {"name": name})
    assert refused.status_code in {400, 409}
    assert words in refused.text
    assert f'value="{name}"' in refused.text


async def test_the_list_says_trigger_next_run_and_state(site: Site) -> None:
    trigger = Schedule(cron="0 6 * * *", time_zone="Europe/Berlin")
    scenario = await kept(site, Module(id=1, does=Sleep()), trigger=trigger)
    await kept(site, name="Called", trigger=Webhook())
    await site.scenarios.set_active(ACTOR, scenario.id, is_active=True)
    page = (await site.get("/scenarios")).text
    assert "Every day at 06:00, Europe/Berlin" in page
    assert "next " in page
    assert "Webhook" in page
    assert page.count("never") == 2


async def test_the_list_is_searched(site: Site) -> None:
    await kept(site, name="Orders")
    await kept(site, name="Invoices")
    page = (await site.get("/scenarios?q=inv")).text
    assert "Invoices" in page
    assert "Orders" not in page
    assert "No scenario" in (await site.get("/scenarios?q=nothing")).text


async def test_the_editor_shows_scopes_branches_and_filters(site: Site) -> None:
    page = (await site.get(f"/scenarios/{(await kept(site, *LOOP)).id}")).text
    assert page.count('<li class="scope">') == 1
    assert page.index('<li class="scope">') < page.index('id="module-2"')
    assert "{{ 2.value &gt; 1 }}" in page
    assert "Branch Many of Ways" in page
    assert "when no other did" in page


async def test_an_iterator_that_nobody_collects_from_is_bracketed_to_the_end(site: Site) -> None:
    page = (await site.get(f"/scenarios/{(await kept(site, *LOOP[:3])).id}")).text
    assert '<li class="scope is-open">' in page


MOVES = [
    (1, "down", [2, 1, 3, 4, 5, 6]),
    (4, "down", [1, 2, 3, 5, 4, 6]),
    (5, "up", [1, 2, 3, 5, 6, 4]),
    (6, "up", [1, 2, 3, 4, 6, 5]),
]


@pytest.mark.parametrize(("number", "what", "after"), MOVES)
async def test_a_module_is_moved_by_a_button(
    site: Site, number: int, what: str, after: list[int]
) -> None:
    scenario = await kept(site, *LOOP)
    answer = await do(site, scenario, f"modules/{number}/{what}")
    assert order((await now(site, scenario)).scenario) == after
    assert f'data-focus-module="{number}"' in answer.text
    assert re.search(r'data-said="[^"]+ \d of 6\."', answer.text)


async def test_a_module_is_moved_to_where_it_was_dropped(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    await do(site, scenario, "modules/1/move", place="5.1.0")
    assert str(place_of((await now(site, scenario)).scenario, 1)) == "5.1.0"


async def test_a_router_is_not_dropped_into_itself(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    answer = await do(site, scenario, "modules/5/move", place="5.0.0")
    assert answer.status_code == 400
    assert "into one of its own branches" in answer.text
    assert await now(site, scenario) == scenario


async def test_without_scripts_a_button_leads_back_to_the_module(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    path = f"/scenarios/{scenario.id}"
    answer = await site.post(f"{path}/modules/1/down", {"version": scenario.version})
    assert answer.headers["location"] == f"{path}#module-1"


async def test_a_module_is_copied_and_switched_off_and_on(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    await do(site, scenario, "modules/3/duplicate")
    scenario = await now(site, scenario)
    assert order(scenario.scenario) == [1, 2, 3, 7, 4, 5, 6]
    await do(site, scenario, "modules/7/disable")
    scenario = await now(site, scenario)
    assert scenario.scenario.module(7) == replace(LOOP[2], id=7, is_enabled=False)
    await do(site, scenario, "modules/7/enable")
    assert (await now(site, scenario)).scenario.module(7) == replace(LOOP[2], id=7)


async def test_what_was_deleted_can_be_put_back(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    answer = await do(site, scenario, "modules/5/delete")
    undo = re.search(r'formaction="[^"]+/(undo\?key=[^"]+)"', answer.text)
    assert undo
    deleted = await now(site, scenario)
    assert order(deleted.scenario) == [1, 2, 3, 4]
    await do(site, deleted, undo[1])
    assert (await now(site, scenario)).scenario == scenario.scenario


async def test_it_is_put_back_over_nothing_that_came_later(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    answer = await do(site, scenario, "modules/5/delete")
    undo = re.search(r'formaction="[^"]+/(undo\?key=([^"]+))"', answer.text)
    assert undo
    await do(site, await now(site, scenario), "modules/1/down")
    later = await now(site, scenario)
    refused = await do(site, later, undo[1])
    assert refused.status_code == 404
    assert await now(site, scenario) == later
    assert "Undo" not in (await site.get(f"/scenarios/{scenario.id}?undo={undo[2]}")).text


async def test_two_tabs_do_not_overwrite_each_other(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    await do(site, scenario, "modules/1/down")
    newer = await now(site, scenario)
    answer = await do(site, scenario, "modules/4/delete")
    assert answer.status_code == 409
    assert "saved from another page meanwhile" in answer.text
    assert f'name="version" value="{newer.version}"' in answer.text
    assert await now(site, scenario) == newer


async def test_a_module_that_was_typed_in_an_old_tab_is_kept_and_saved_into_the_newer_one(
    site: Site,
) -> None:
    scenario = await kept(site, *LOOP)
    path = f"/scenarios/{scenario.id}/modules/3"
    form = PageForm((await site.get(path)).text, "module")
    await do(site, scenario, "modules/1/down")
    refused = await site.post(path, form.sent(span="7"))
    assert refused.status_code == 409
    again = PageForm(refused.text, "module")
    assert ("span", "7") in again.pairs
    await site.post(path, again.sent())
    found = (await now(site, scenario)).scenario
    assert found.module(3) == replace(LOOP[2], does=Sleep(span="7"))
    assert order(found) == [2, 1, 3, 4, 5, 6]


async def test_a_module_is_added_where_the_plus_was(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    page = (await site.get(f"/scenarios/{scenario.id}/add?place=5.1.0")).text
    assert page.count("/modules/new?kind=") == 10
    form_page = await site.get(f"/scenarios/{scenario.id}/modules/new?kind=sleep&place=5.1.0")
    form = PageForm(form_page.text, "module")
    added = await site.post(form.action, form.sent(span="3", module_name="Rest"))
    assert added.headers["location"] == f"/scenarios/{scenario.id}#module-7"
    found = (await now(site, scenario)).scenario
    assert found.module(7) == Module(id=7, name="Rest", does=Sleep(span="3"))
    assert str(place_of(found, 7)) == "5.1.0"


async def test_a_new_aggregator_collects_from_the_iterator_that_is_open(site: Site) -> None:
    scenario = await kept(site, *LOOP[:3])
    page = await site.get(f"/scenarios/{scenario.id}/modules/new?kind=aggregator&place=0.0.3")
    assert ("source", "2") in PageForm(page.text, "module").pairs


def test_of_an_iterator_the_first_item_stands_for_all() -> None:
    found = last_values(LOOP[1], {"items": [{"id": 7}, {"id": 8}], "total": 2})
    assert [(each.insert, each.sample) for each in found] == [
        ("2.value", "1 name"), ("2.value.id", "7"), ("2.index", "1"), ("2.total", "2"),
    ]  # fmt: skip


async def test_a_draft_with_problems_is_saved_and_says_them_at_the_field(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    path = f"/scenarios/{scenario.id}/modules/3"
    form = PageForm((await site.get(path)).text, "module")
    saved = await site.post(path, form.sent(span="{{ 2.valuu }}"))
    assert saved.headers["location"] == path
    page = (await site.get(path)).text
    assert "valuu" in page
    assert "value" in page
    assert re.search(r'data-error="How long">\s*<p class="field-error"', page)
    editor = (await site.get(f"/scenarios/{scenario.id}")).text
    assert "1 problem" in editor
    assert f"{path}#field-how-long" in editor


async def test_an_aggregator_whose_iterator_is_gone_is_saved_as_it_is(site: Site) -> None:
    scenario = await kept(site, *LOOP[:2], *LOOP[3:])
    await do(site, scenario, "modules/2/delete")
    before = await now(site, scenario)
    path = f"/scenarios/{scenario.id}/modules/4"
    page = (await site.get(path)).text
    assert "no iterator before this module" in page
    await site.post(path, PageForm(page, "module").sent())
    assert (await now(site, scenario)).scenario == before.scenario


async def test_problems_are_said_with_the_labels_of_the_page(site: Site) -> None:
    scenario = await kept(site, Module(id=1, name="Rest", does=Sleep(span="{{ 9.x }}")))
    page = (await site.get(f"/scenarios/{scenario.id}")).text
    assert "Module 1 “Rest”, How long: " in page
    assert "sleep.span" not in page


async def test_what_is_wrong_is_said_while_it_is_typed(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    path = f"/scenarios/{scenario.id}/modules/3"
    form = PageForm((await site.get(path)).text, "module")
    right = await site.post(f"{path}/check", form.sent())
    wrong = await site.post(f"{path}/check", form.sent(when="{{ 2.value > }}", span="{{ 9.x }}"))
    assert right.json() == {}
    assert set(wrong.json()) == {"Filter", "How long"}
    assert await now(site, scenario) == scenario


REFUSED = [
    ({"body": "json", "json": '{"a": }'}, "stops being JSON in line 1, column 7"),
    ({"timeout": "soon"}, "is no number of seconds"),
    ({"authentication": "oauth"}, "No connection is chosen."),
    ({"authentication": "key"}, "No credential is chosen."),
    ({"action": "retry_later", "after": "a while"}, "is not a length of time"),
    ({"action": "fallback", "fallback": "{"}, "stops being JSON"),
]


@pytest.mark.parametrize(("typed", "words"), REFUSED)
async def test_what_cannot_be_read_is_refused_and_stays_as_it_was_typed(
    site: Site, typed: dict[str, str], words: str
) -> None:
    call = HttpCall(spec=RequestSpec(url="https://api.example.com"))
    scenario = await kept(site, Module(id=1, does=MakeRequest(call=call)))
    path = f"/scenarios/{scenario.id}/modules/1"
    form = PageForm((await site.get(path)).text, "module")
    refused = await site.post(path, form.sent(**typed))
    assert refused.status_code == 400
    assert words in refused.text
    again = PageForm(refused.text, "module").sent()
    assert {name: again[name][0] for name in typed} == typed
    assert await now(site, scenario) == scenario


async def test_a_connection_is_created_without_losing_the_module(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    where = f"/scenarios/{scenario.id}/modules/new"
    page = await site.get(f"{where}?kind=make_request&place=0.0.1")
    form = PageForm(page.text, "module")
    typed = form.sent(url="https://api.example.com/{{ 1.list }}", module_name="Ask")
    away = await site.post(f"{where}/create-connection", typed)
    back = re.search(r"return_to=([^&]+)", away.headers["location"])
    assert back
    path = back[1].replace("%2F", "/").replace("%3F", "?").replace("%3D", "=").replace("%26", "&")
    made = await site.world.engine.manage.create(
        ACTOR,
        NewConnection(
            name="Fresh",
            flow=FlowType.CLIENT_CREDENTIALS,
            settings=AppSettings(client_id="x", token_uri=site.world.server.token_uri),
        ),
    )
    again = PageForm((await site.get(f"{path}&connection={made.id}")).text, "module")
    assert ("authentication", "oauth") in again.pairs
    assert ("connection", made.id) in again.pairs
    assert ("url", "https://api.example.com/{{ 1.list }}") in again.pairs
    assert ("module_name", "Ask") in again.pairs
    assert ("place", "0.0.1") in again.pairs


async def test_it_is_switched_on_only_without_problems(site: Site) -> None:
    broken = Module(id=1, does=Sleep(span="{{ 7.x }}"))
    scenario = await kept(site, broken, trigger=Webhook())
    path = f"/scenarios/{scenario.id}"
    await site.post(f"{path}/switch-on")
    page = (await site.get(path)).text
    assert "It stays off. One problem keeps it from running" in page
    assert not (await now(site, scenario)).is_active
    await do(site, scenario, "modules/1/delete")
    site.client.cookies.delete("grantline_said")
    fixed = await now(site, scenario)
    await site.scenarios.edit(
        ACTOR, fixed.id, replace(fixed.scenario, modules=(Module(id=1, does=Sleep()),))
    )
    await site.post(f"{path}/switch-on")
    assert (await now(site, scenario)).is_active
    await site.post(f"{path}/switch-off")
    assert not (await now(site, scenario)).is_active


async def test_while_it_is_on_nothing_is_saved_that_could_not_run(site: Site) -> None:
    scenario = await kept(site, *LOOP, trigger=Webhook())
    await site.scenarios.set_active(ACTOR, scenario.id, is_active=True)
    scenario = await now(site, scenario)
    path = f"/scenarios/{scenario.id}/modules/3"
    form = PageForm((await site.get(path)).text, "module")
    refused = await site.post(path, form.sent(span="{{ 9.x }}"))
    assert "switch it off, and save a draft" in refused.text
    assert re.search(r'data-error="How long">\s*<p class="field-error"', refused.text)
    assert ("span", "{{ 9.x }}") in PageForm(refused.text, "module").pairs
    deleted = await do(site, scenario, "modules/2/delete")
    assert "switch it off, and save a draft" in deleted.text
    assert await now(site, scenario) == scenario


async def test_a_schedule_is_saved_and_said_in_words(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    path = f"/scenarios/{scenario.id}/trigger"
    preview = await site.get("/scenarios/schedule?cron=30 2 * * 1-5&time_zone=Europe/Berlin")
    assert "Every weekday at 02:30, Europe/Berlin" in preview.text
    assert preview.text.count("<li>") == 5
    form = PageForm((await site.get(path)).text, "trigger")
    sent = form.sent(trigger="schedule", cron="30 2 * * 1-5", time_zone="Europe/Berlin")
    await site.post(path, sent)
    found = (await now(site, scenario)).scenario
    assert found.trigger == Schedule(cron="30 2 * * 1-5", time_zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("sent", "label"),
    [
        ({"trigger": "schedule", "cron": "99 * * * *"}, "Cron"),
        ({"trigger": "schedule", "cron": "0 * * * *", "time_zone": "Berlin"}, "Time zone"),
        ({"trigger": "webhook", "signature": "hmac_sha256"}, "Shared secret"),
        ({"trigger": "webhook", "answer_within": "1 d"}, "Answer within"),
    ],
)
async def test_a_trigger_that_cannot_be_is_refused_at_the_field(
    site: Site, sent: dict[str, str], label: str
) -> None:
    scenario = await kept(site, *LOOP)
    path = f"/scenarios/{scenario.id}/trigger"
    form = PageForm((await site.get(path)).text, "trigger")
    refused = await site.post(path, form.sent(**sent))
    assert refused.status_code == 400
    assert re.search(rf'data-error="{label}">\s*<p class="field-error"', refused.text)
    assert await now(site, scenario) == scenario


async def test_settings_saved_unchanged_are_the_same(site: Site) -> None:
    inputs = (
        Input(name="since", is_required=True, note="A <day>"),
        Input(name="limit", default=5),
        Input(name="empty", default=""),
        Input(name="text", default="\n5"),
        Input(name="list", default=["a", None]),
    )
    bounds = Bounds(at_once=3, steps=77)
    scenario = await kept(site, *LOOP, note="\nTwo\nlines", inputs=inputs, bounds=bounds)
    path = f"/scenarios/{scenario.id}/settings"
    form = PageForm((await site.get(path)).text, "settings")
    assert (await site.post(path, form.sent())).status_code == 303
    assert (await now(site, scenario)).scenario == scenario.scenario


async def test_an_exported_scenario_is_imported_as_the_same(site: Site) -> None:
    scenario = await kept(site, *LOOP, trigger=Webhook(), inputs=(Input(name="a", default=1),))
    file = await site.get(f"/scenarios/{scenario.id}/export/nightly.yaml")
    assert "nightly.yaml" in file.headers["content-disposition"]
    made = await site.post("/scenarios/import", {"text": file.text})
    copy = await site.scenarios.find(ACTOR, made.headers["location"].rpartition("/")[2])
    assert replace(copy.scenario, name="Nightly") == scenario.scenario
    assert copy.name == "Nightly 2"


async def test_an_import_over_a_scenario_replaces_all_of_it_once(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    file = (await site.get(f"/scenarios/{scenario.id}/export/x.yaml")).text
    path = f"/scenarios/{scenario.id}/import"
    text = file.replace("Numbers", "Other numbers")
    old = await site.post(path, {"text": text, "version": "0"})
    assert old.status_code == 409
    await site.post(path, {"text": text, "version": scenario.version})
    module = (await now(site, scenario)).scenario.module(1)
    assert module is not None
    assert module.name == "Other numbers"


FILES = [
    ("", "There is no file."),
    ("a: [", "Line 1"),
    ("grantline: 1\nname: x\nmodules:\n  - id: 1\n    slep: {span: 1}\n", "Line 5"),
    (
        "grantline: 1\nname: x\nmodules:\n  - id: 1\n    name: Rest\n    sleep: {spann: 1}\n",
        "spann",
    ),
]


@pytest.mark.parametrize(("text", "words"), FILES)
async def test_a_file_that_cannot_be_read_names_line_module_and_field(
    site: Site, text: str, words: str
) -> None:
    refused = await site.post("/scenarios/import", {"text": text})
    assert refused.status_code == 400
    assert words in refused.text
    assert (await site.scenarios.page(ACTOR)).total == 0


async def test_a_copy_has_a_name_of_its_own_and_a_deleted_one_is_gone(site: Site) -> None:
    scenario = await kept(site, *LOOP)
    copy = await site.post(f"/scenarios/{scenario.id}/duplicate")
    found = await site.scenarios.find(ACTOR, copy.headers["location"].rpartition("/")[2])
    assert (found.name, found.is_active) == ("Nightly 2", False)
    await site.post(f"/scenarios/{scenario.id}/delete")
    assert (await site.get(f"/scenarios/{scenario.id}")).status_code == 404

"""Scenarios in a real browser: the worked examples built by hand, moved by keys and by drag."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from grantline.scenarios.definition.plain import scenario_to_plain
from grantline.scenarios.definition.yaml_file import ScenarioFile, read_file
from tests.browser.builder import build
from tests.browser.owner import Owner
from tests.browser.test_accessibility import serious

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples" / "scenarios").glob("*.yaml"))
STEPS = """
grantline: 1
name: {name}
modules:
  - id: 1
    name: First
    set_variables: {{list: [1, 2], note: text}}
  - id: 2
    name: Second
    router:
      branches:
        - name: Left
          modules: []
        - name: Right
          fallback: true
          modules: []
  - id: 3
    name: Third
    sleep: {{span: "1"}}
"""


def spoken(file: ScenarioFile) -> str:
    """What a file says, with connections by their names."""
    text = json.dumps(scenario_to_plain(file.scenario))
    for used_id, name in file.connections.items():
        text = text.replace(json.dumps(used_id), json.dumps(name))
    return text


def connect(owner: Owner, name: str) -> None:
    """A connection of this name, unless there is one."""
    page = owner.open(f"/connections?q={name}")
    if page.get_by_role("link", name=name, exact=True).count():
        return
    owner.demo_form(name, "Client credentials")
    owner.press("Save and connect")
    owner.sees_connected(name)


def bring(owner: Owner, name: str) -> str:
    """The path of the little scenario, imported."""
    page = owner.open("/scenarios/import")
    page.get_by_label("Or paste it").fill(STEPS.format(name=name))
    owner.press("Import")
    page.wait_for_url("**/scenarios/scn_*")
    return page.url.removeprefix(owner.app.url)


def order(page: Page) -> list[str]:
    names: list[str] = page.locator("[data-module]").evaluate_all(
        "all => all.map((each) => each.dataset.name)"
    )
    return names


def test_the_worked_examples_are_there() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("path", EXAMPLES, ids=[each.stem for each in EXAMPLES])
def test_a_worked_example_built_in_the_page_is_what_its_file_says(owner: Owner, path: Path) -> None:
    file = read_file(path.read_text(encoding="utf-8"))
    for module in file.scenario.each_module():
        if module.call is not None and module.call.connection_id is not None:
            connect(owner, module.call.connection_id)
    home = build(owner, file.scenario)
    expect(owner.page.get_by_role("heading", name="Nothing is wrong")).to_be_visible()
    page = owner.open(f"{home}/export")
    exported = read_file(page.locator("#file-text").inner_text())
    assert spoken(exported) == spoken(file)


def test_modules_are_moved_by_keys_alone_into_branches_and_out_again(owner: Owner) -> None:
    home = bring(owner, "Keys")
    page, keys = owner.page, owner.page.keyboard
    page.get_by_role("link", name="First", exact=True).focus()
    for where, said in [
        ("#module-2 .branch:nth-child(1) #module-1", "comes after “Second”, 2 of 3"),
        ("#module-2 .branch:nth-child(2) #module-1", "comes after “Second”, 2 of 3"),
        (".flow > .lane > #module-2 + #module-1", "comes after “Second”, 2 of 3"),
        (".flow > .lane > #module-3 + #module-1", "comes after “Third”, 3 of 3"),
    ]:
        keys.press("Alt+ArrowDown")
        expect(page.locator(where)).to_be_visible()
        expect(page.get_by_role("link", name="First", exact=True)).to_be_focused()
        expect(page.locator("#announcements")).to_contain_text(said)
    keys.press("Alt+ArrowDown")
    expect(page.locator("#announcements")).to_contain_text("First cannot go further")
    for _ in range(4):
        keys.press("Alt+ArrowUp")
        expect(page.locator("#editor.htmx-request")).to_have_count(0)
        expect(page.get_by_role("link", name="First", exact=True)).to_be_focused()
    owner.open(home)
    assert order(page) == ["First", "Second", "Third"]


def test_a_module_is_dragged_into_a_branch(owner: Owner) -> None:
    home = bring(owner, "Drag")
    page, mouse = owner.page, owner.page.mouse
    grip = page.locator("#module-3 [data-grip]").bounding_box()
    gap = page.locator("#module-2 .branch").last.locator(".gap").bounding_box()
    assert grip
    assert gap
    mouse.move(grip["x"] + 4, grip["y"] + 20)
    mouse.down()
    mouse.move(gap["x"] + 40, gap["y"] + 30, steps=8)
    mouse.move(gap["x"] + 40, gap["y"] + gap["height"] / 2, steps=4)
    mouse.up()
    expect(page.locator("#module-2 .branch").last.locator("#module-3")).to_be_visible()
    owner.open(home)
    expect(page.locator("#module-2 .branch").last.locator("#module-3")).to_be_visible()


def test_a_module_that_was_deleted_comes_back(owner: Owner) -> None:
    bring(owner, "Undo")
    page = owner.page
    owner.menu("Second", "Delete")
    expect(page.locator("#module-2")).to_have_count(0)
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#module-2")).to_be_visible()
    assert order(page) == ["First", "Second", "Third"]


def test_a_value_is_chosen_instead_of_typed(owner: Owner) -> None:
    home = bring(owner, "Picker")
    page, keys = owner.open(f"{home}/modules/3"), owner.page.keyboard
    field = owner.field("How long")
    field.fill("about  s")
    field.press("Home")
    for _ in range(6):
        keys.press("ArrowRight")
    keys.press("Control+ ")
    expect(page.get_by_label("Search values")).to_be_focused()
    keys.type("note")
    keys.press("Enter")
    expect(field).to_have_value("about {{ vars.note }} s")
    expect(field).to_be_focused()
    # Behind a value, a filter goes between its braces.
    keys.press("Control+ ")
    keys.type("upper")
    keys.press("ArrowDown")
    while not page.locator("[data-insert='| upper']").evaluate("e => e === document.activeElement"):
        keys.press("ArrowDown")
    keys.press("Enter")
    expect(field).to_have_value("about {{ vars.note | upper }} s")
    keys.press("Control+ ")
    keys.press("Escape")
    expect(field).to_be_focused()


LISTS = """
grantline: 1
name: Lists
modules:
  - id: 1
    name: Orders
    make_request: {connection: lists, url: /orders}
  - id: 2
    name: Each
    iterator: {items: ""}
"""


def test_what_a_module_gave_last_is_there_to_choose(owner: Owner) -> None:
    connect(owner, "lists")
    page = owner.open("/scenarios/import")
    page.get_by_label("Or paste it").fill(LISTS)
    owner.press("Import")
    page.wait_for_url("**/scenarios/scn_*")
    home = page.url.removeprefix(owner.app.url)
    owner.open(f"{home}/modules/2")
    expect(page.get_by_text("Run once to see what this module gives.")).to_be_visible()
    owner.field("Items").fill("{{ input.nothing }}")
    owner.press("Save")
    expect(page.get_by_role("heading", name="One thing keeps this module")).to_be_visible()
    owner.field("Items").fill("{{ 1.data.items }}")
    owner.press("Save")
    owner.press("Run once")
    expect(page.locator("#run-live")).to_contain_text("Succeeded")
    owner.open(f"{home}/modules/2")
    owner.field("Items").fill("")
    page.locator("[data-values] .value").filter(has_text="items").first.click()
    expect(owner.field("Items")).to_have_value("{{ 1.data.items }}")


def test_a_mistake_is_said_while_it_is_typed_and_goes_when_it_is_gone(owner: Owner) -> None:
    home = bring(owner, "Live")
    page = owner.open(f"{home}/modules/3")
    owner.field("How long").fill("{{ vars.nte }}")
    wrong = page.locator("#field-how-long-error")
    expect(wrong).to_contain_text("note")
    expect(owner.field("How long")).to_have_attribute("aria-invalid", "true")
    owner.field("How long").fill("{{ vars.note }}")
    expect(wrong).to_be_empty()


def test_two_tabs_do_not_overwrite_each_other(owner: Owner) -> None:
    home = bring(owner, "Tabs")
    other = Owner(owner.page.context.new_page(), owner.app)
    other.open(home)
    owner.page.get_by_role("button", name="Move First down").click()
    expect(owner.page.locator("#announcements")).to_contain_text("comes after")
    other.page.get_by_role("button", name="Move Third up").click()
    expect(other.page.get_by_role("alert")).to_contain_text("saved from another page meanwhile")
    assert order(other.page) == ["Second", "First", "Third"]


LOOKS = [
    ("light", {"width": 1280, "height": 800}),
    ("dark", {"width": 390, "height": 844}),
]


@pytest.mark.parametrize(("scheme", "size"), LOOKS, ids=["light desk", "dark phone"])
def test_no_page_of_scenarios_has_a_serious_issue_or_scrolls_sideways(
    owner: Owner, scheme: str, size: dict[str, int]
) -> None:
    home = bring(owner, f"Axe {scheme}")
    page = owner.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    kinds = ("make_request", "download_file", "iterator", "aggregator", "router", "respond")
    # List, import and the pages of a scenario that has run are held to it in test_accessibility.
    paths = [
        "/scenarios/new", home, f"{home}/export", f"{home}/import", f"{home}/add?place=0.0.0",
        f"{home}/modules/1", f"{home}/modules/2", f"{home}/modules/3",
        *(f"{home}/modules/new?kind={kind}&place=0.0.1" for kind in kinds),
    ]  # fmt: skip
    found = {}
    for path in paths:
        owner.open(path)
        issues = serious(page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            issues.append(f"{wide} px wider than the window")
        if issues:
            found[path.replace(home, "")] = issues
    assert found == {}

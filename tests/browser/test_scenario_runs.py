"""Runs in the browser: each step lights up, a run is read, repeated, compared and cancelled."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.owner import Owner, allow_at_demo, deny_at_demo
from tests.browser.scenario_files import failing, imported


def card(page: Page, number: int) -> Locator:
    return page.locator(f"#module-{number} > .module")


def run_once(page: Page) -> None:
    page.keyboard.press("Control+Enter")


TWO = """
name: Two requests
modules:
  - {id: 1, name: Who am I, make_request: {connection: two-steps, url: /me}}
  - {id: 2, name: Once more, make_request: {connection: two-steps, url: /me}}
"""


def test_each_card_lights_up_and_its_bundles_are_a_click_away(owner: Owner) -> None:
    owner.connect_demo("two-steps")
    imported(owner, TWO)
    page = owner.page
    run_once(page)
    live = page.get_by_role("region", name="This run")
    expect(live).to_contain_text("Succeeded")
    expect(page.locator("#announcements")).to_contain_text("The run succeeded after")
    for number in (1, 2):
        expect(card(page, number)).to_contain_text("Done")
        expect(card(page, number)).to_contain_text(re.compile(r"\d m?s"))
    page.get_by_role("link", name="Input and output of 1: Who am I").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Who am I")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Done")
    output = page.locator("section").filter(has=page.get_by_role("heading", name="Output"))
    expect(output.locator("[data-tree]")).to_contain_text("200")

    # By keyboard through the tree and the tabs.
    page.wait_for_load_state()
    output.get_by_role("tab", name="Tree").press("ArrowRight")
    expect(output.get_by_role("tab", name="Text")).to_be_focused()
    expect(output.locator("pre")).to_be_visible()

    # From the second step on: the first one is taken over.
    page.get_by_role("link", name="2 Once more").click()
    page.get_by_role("button", name="Re-run from here: 2 Once more").click()
    expect(page.locator("#run-state")).to_contain_text("Succeeded")
    expect(page.get_by_text("an earlier run")).to_be_visible()

    # The two side by side, chosen from the list.
    page.get_by_role("link", name="Runs", exact=True).click()
    compare = page.get_by_role("button", name="Compare two")
    expect(compare).to_be_disabled()
    for box in page.get_by_role("checkbox").all():
        box.check()
    compare.click()
    expect(page).to_have_url(re.compile(r"/scenarios/runs/compare\?a="))
    expect(page.get_by_role("heading", level=1)).to_have_text("Two runs compared")
    expect(page.locator("table.compare")).to_contain_text("Once more")


def test_a_failure_is_said_on_its_card_and_led_to(owner: Owner) -> None:
    owner.connect_demo("refused")
    imported(owner, failing("refused"))
    page = owner.page
    owner.press("Run once")
    live = page.get_by_role("region", name="This run")
    expect(live).to_contain_text("Failed")
    expect(card(page, 2)).to_contain_text("Error ignored")
    expect(card(page, 2)).to_contain_text("3 of 3")
    expect(card(page, 4)).to_contain_text("Failed")
    live.get_by_role("link", name="See what every module gave").click()
    page.get_by_role("link", name="Open the step that failed").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nobody there either")
    expect(page.locator("#main")).to_contain_text("404")


ASKING = """
name: Asks first
inputs:
  word: {required: true, note: Any word}
modules:
  - {id: 1, set_variables: {said: "{{ input.word }}"}}
  - {id: 2, sleep: {span: 1 h}}
  - {id: 3, set_variables: {never: 1}}
"""


def test_inputs_are_asked_for_and_a_run_that_sleeps_is_cancelled(owner: Owner) -> None:
    home = imported(owner, ASKING)
    page = owner.page
    run_once(page)
    dialog = page.get_by_role("dialog", name="Run once")
    expect(dialog.get_by_label("word")).to_be_focused()
    dialog.get_by_role("button", name="Run once").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The input word is missing")
    dialog.get_by_label("word").fill("calm")
    dialog.get_by_label("word").press("Enter")
    live = page.get_by_role("region", name="This run")
    expect(live).to_contain_text("It sleeps, and goes on")
    expect(card(page, 1)).to_contain_text("Done")

    # Left, and found again in the list; another tab sees the end of it.
    with page.context.new_page() as other:
        other.goto(f"{owner.app.url}{home}/runs")
        other.get_by_role("link", name="Waiting").click()
        expect(other.locator("#run-state")).to_contain_text("Waiting")
        live.get_by_role("button", name="Cancel").click()
        expect(live).to_contain_text("Cancelled")
        expect(other.locator("#run-state")).to_contain_text("Cancelled")
        expect(other.get_by_role("button", name="Re-run", exact=True)).to_be_visible()


def test_a_page_that_lost_the_connection_follows_on_when_it_is_back(owner: Owner) -> None:
    imported(owner, "name: Rests\nmodules: [{id: 1, sleep: {span: 1 h}}]\n")
    page = owner.page
    owner.press("Run once")
    live = page.get_by_role("region", name="This run")
    expect(live).to_contain_text("It sleeps")
    address = str(live.get_by_role("link", name="Open the run").get_attribute("href"))
    page.context.set_offline(True)
    notices = page.locator("#notices")
    expect(notices.get_by_text("Grantline does not answer.")).to_be_visible()
    page.context.set_offline(False)
    with page.context.new_page() as other:
        other.goto(f"{owner.app.url}{address}")
        other.get_by_role("button", name="Cancel").click()
        expect(other.locator("#run-state")).to_contain_text("Cancelled")
    expect(live).to_contain_text("Cancelled")
    expect(notices.get_by_text("Grantline does not answer.")).to_have_count(0)


def test_a_run_that_waits_for_a_connection_goes_on_after_consent_from_its_page(
    owner: Owner,
) -> None:
    owner.demo_form("parked", "Authorization code")
    owner.in_window(lambda: owner.press("Save and connect"), deny_at_demo)
    owner.page.wait_for_url("**refused=1")
    text = "name: Waits\nmodules: [{id: 1, make_request: {connection: parked, url: /me}}]\n"
    imported(owner, text)
    page = owner.page
    owner.press("Run once")
    live = page.get_by_role("region", name="This run")
    expect(live).to_contain_text("Waits for a connection")
    live.get_by_role("link", name="Open the run").click()
    address = page.url
    owner.in_window(page.get_by_role("button", name="Authorize").click, allow_at_demo)
    expect(page).to_have_url(re.compile(re.escape(address)))
    expect(page.locator("#run-state")).to_contain_text("Succeeded")

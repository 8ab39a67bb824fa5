"""What people do to a consent: block its window, open it twice, go back, come too late."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.owner import Owner, allow_at_demo, close
from tests.browser.serving import App


def test_a_blocked_window_turns_into_a_button(owner: Owner) -> None:
    owner.page.add_init_script("window.kept = window.open; window.open = () => null")
    owner.demo_form("blocked", "Authorization code")
    owner.press("Save and connect")
    button = owner.page.get_by_role("button", name="Open ")
    expect(button).to_be_visible()
    owner.page.evaluate("() => { window.open = window.kept }")
    owner.in_window(button.click, allow_at_demo)
    owner.sees_connected("blocked")


def test_without_scripts_a_link_leads_to_the_service(
    new_context: Callable[..., BrowserContext], app: App
) -> None:
    owner = Owner(new_context(java_script_enabled=False).new_page(), app)
    owner.demo_form("no scripts", "Authorization code")
    owner.press("Save and connect")
    owner.page.get_by_role("button", name="Open ").click()
    owner.page.get_by_role("link", name="Continue to ").click()
    owner.press("Allow")
    expect(owner.page.get_by_role("heading", level=1)).to_contain_text("is connected")


def test_two_windows_for_one_connection_both_end_well(owner: Owner) -> None:
    owner.demo_form("twice", "Authorization code")
    with owner.page.expect_popup() as first:
        owner.press("Save and connect")
    again = owner.page.get_by_role("button", name="Open the window again")
    with owner.page.expect_popup() as second:
        again.click()
    allow_at_demo(second.value)
    owner.sees_connected("twice")
    allow_at_demo(first.value)
    owner.page.reload()
    owner.sees_connected("twice")


def test_going_back_to_a_used_answer_shows_what_came_of_it(owner: Owner) -> None:
    owner.demo_form("back", "Authorization code")
    with owner.page.expect_popup() as opened:
        owner.press("Save and connect")
    window = opened.value
    answers: list[str] = []
    window.on("request", lambda asked: answers.append(asked.url))
    window.get_by_role("button", name="Allow").click()
    heading = window.get_by_role("heading", level=1)
    expect(heading).to_contain_text("is connected")
    assert parse_qs(urlsplit(window.url).query) == {}
    window.goto(next(url for url in answers if "code=" in url and "/oauth/callback" in url))
    expect(heading).to_contain_text("is connected")
    assert "code=" not in window.url
    close(window)


def test_a_state_that_nobody_began_is_refused_in_words(owner: Owner) -> None:
    page = owner.open("/oauth/callback?code=stolen&state=made-up")
    assert "stolen" not in page.url
    expect(page.locator("#main")).not_to_contain_text("stolen")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Connections").first).to_be_visible()


def test_an_answer_brought_to_another_browser_is_refused(
    owner: Owner, new_context: Callable[..., BrowserContext]
) -> None:
    owner.demo_form("another browser", "Authorization code")
    with owner.page.expect_popup() as opened:
        owner.press("Save and connect")
    window = opened.value
    answers: list[str] = []

    def keep(route: Route) -> None:
        answers.append(route.fetch(max_redirects=0).headers["location"])
        route.fulfill(body="kept")

    expect(window.get_by_role("button", name="Allow")).to_be_visible()
    window.route("**/authorize", keep)
    window.get_by_role("button", name="Allow").click()
    expect(window.get_by_text("kept")).to_be_visible()
    expect(owner.page.get_by_text("Waiting for consent")).to_be_visible()
    stranger = new_context()
    stranger.clear_cookies()
    elsewhere = stranger.new_page()
    elsewhere.goto(answers[0])
    assert "code=" not in elsewhere.url
    owner.open("/connections")
    row = owner.page.get_by_role("row").filter(has_text="another browser")
    expect(row).to_contain_text("Draft")


@pytest.mark.parametrize("first", ["one", "other"])
def test_of_two_tabs_that_edit_the_second_is_told_before_it_overwrites(
    owner: Owner, first: str
) -> None:
    name = f"edited by {first}"
    owner.demo_form(name, "Client credentials")
    owner.press("Save and connect")
    owner.sees_connected(name)
    address = urlsplit(owner.page.url).path + "/edit"
    owner.open(address)
    other = Owner(owner.page.context.new_page(), owner.app)
    other.open(address)
    one, two = (owner, other) if first == "one" else (other, owner)
    one.add_chips("Hosts", "one.example")
    one.press("Save")
    one.sees_connected(name)
    two.add_chips("Hosts", "two.example")
    two.press("Save")
    expect(two.page.get_by_role("alert")).to_contain_text("while you were editing")
    expect(two.page.get_by_role("table")).to_contain_text("one.example")
    two.press("Save")
    two.sees_connected(name)
    expect(two.page.get_by_text("two.example")).to_be_visible()

"""Everything without a mouse: focus goes where keys lead it, and each control answers to keys."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.owner import Owner

TAB_LIMIT = 120


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the focus is there, as somebody who looks for it would."""
    for _ in range(TAB_LIMIT):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {selector}")


def test_create_a_connection_and_run_a_request_with_it(owner: Owner) -> None:
    page, keys = owner.page, owner.page.keyboard
    owner.open("/connections/new?provider=demo")
    tab_to(page, "#field-connection-name")
    keys.press("Control+A")
    keys.type("keys")
    tab_to(page, "#field-flow-type")
    keys.press("c")  # Client credentials
    keys.press("c")
    expect(owner.field("Flow type")).to_have_value("client-credentials")
    tab_to(page, "[data-submit]")
    keys.press("Enter")
    owner.sees_connected("keys")

    owner.open("/requests/new")
    expect(owner.field("URL")).to_be_focused()
    keys.type("/me")
    tab_to(page, "[name=authentication]")
    while not page.get_by_role("radio", name="OAuth 2.0").is_checked():
        keys.press("ArrowRight")
    tab_to(page, "#field-connection")
    keys.type("keys")
    keys.press("Control+Enter")
    owner.sees_status("200")


def test_a_menu_opens_moves_and_gives_the_focus_back(owner: Owner) -> None:
    owner.demo_form("menu", "Client credentials")
    owner.press("Save and connect")
    owner.sees_connected("menu")
    page, keys = owner.open("/connections"), owner.page.keyboard
    button = page.get_by_role("button", name="More for menu", exact=True)
    button.focus()
    keys.press("Enter")
    expect(page.get_by_role("menuitem", name="Edit")).to_be_focused()
    keys.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Verify")).to_be_focused()
    keys.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("menu")).to_have_count(0)


def test_slash_searches_and_a_question_mark_lists_the_keys(owner: Owner) -> None:
    owner.demo_form("shortcuts", "Client credentials")
    owner.press("Save and connect")
    owner.sees_connected("shortcuts")
    page, keys = owner.open("/connections"), owner.page.keyboard
    keys.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type("shortcuts")
    expect(page.get_by_role("row").filter(has_text="shortcuts")).to_have_count(1)
    keys.press("Escape")
    page.get_by_role("searchbox").blur()
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()

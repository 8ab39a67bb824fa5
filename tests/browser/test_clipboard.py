"""What is pasted becomes what it means, and what is copied is what was promised."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.owner import Owner, allow_at_demo, close
from tests.browser.serving import App

PASTE = """(field, text) => {
  const data = new DataTransfer();
  data.setData("text", text);
  const given = {clipboardData: data, bubbles: true, cancelable: true};
  field.dispatchEvent(new ClipboardEvent("paste", given));
}"""


@pytest.fixture
def writer(new_context: Callable[..., BrowserContext], app: App) -> Owner:
    """The owner in a browser whose clipboard the page may read and write."""
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    return Owner(context.new_page(), app)


def paste(field: Locator, text: str) -> None:
    field.focus()
    field.evaluate(PASTE, text)


def copied(owner: Owner) -> str:
    return str(owner.page.evaluate("navigator.clipboard.readText()"))


def test_a_pasted_list_of_scopes_becomes_chips(writer: Owner) -> None:
    page = writer.open("/connections/new?by=hand")
    writer.field("Authorize URI").fill("https://login.example/authorize")
    paste(writer.field("Scopes"), "read write,admin\noffline_access")
    chips = page.locator("[data-chips=scopes] li")
    expect(chips).to_have_text(["read", "write", "admin", "offline_access"])
    expect(page.locator("#preview")).to_contain_text("scope=read%20write%20admin%20offline_access")


@pytest.mark.parametrize(
    "text",
    ["access_type=offline&prompt=consent", '{"access_type": "offline", "prompt": "consent"}'],
)
def test_pasted_pairs_fill_rows(writer: Owner, text: str) -> None:
    page = writer.open("/connections/new?by=hand")
    page.get_by_text("Advanced settings").click()
    parameters = page.locator("[data-keyvalue]").filter(has_text="Authorize parameters")
    parameters.get_by_role("button", name="Add").click()
    paste(parameters.locator("input").first, text)
    expect(page.locator("[name=authorize_parameters_key]")).to_have_count(2)
    values = page.locator("[name=authorize_parameters_value]")
    assert [values.nth(n).input_value() for n in range(2)] == ["offline", "consent"]


def test_a_pasted_curl_command_fills_the_request(writer: Owner) -> None:
    writer.open("/requests/new")
    command = """curl -X PATCH https://api.example.com/a -H 'X-One: 1' --json '{"a":1}'"""
    paste(writer.field("URL"), command)
    expect(writer.field("URL")).to_have_value("https://api.example.com/a")
    expect(writer.field("Method")).to_have_value("PATCH")
    expect(writer.page.locator("#field-json")).to_have_value('{"a":1}')
    expect(writer.page.locator("[name=header_value]").first).to_have_value("1")


def test_redirect_uri_code_path_and_transcript_are_taken_along(
    writer: Owner, tmp_path: Path
) -> None:
    writer.demo_form("copied", "Authorization code")
    uri = writer.page.locator("#redirect-uri code").inner_text()
    writer.page.locator("#redirect-uri [data-copy]").click()
    assert copied(writer) == uri
    writer.in_window(lambda: writer.press("Save and connect"), allow_at_demo)
    writer.sees_connected("copied")
    connection = urlsplit(writer.page.url).path

    writer.make_request("copied", "/me")
    page = writer.page
    page.get_by_role("tab", name="Code").click()
    for label, start in (
        ("cURL", "curl "),
        ("Python", "from grantline"),
        ("Command line", "grantline request"),
    ):
        heading = page.get_by_role("heading", name=label, exact=True)
        snippet = page.locator(".snippet").filter(has=heading)
        snippet.get_by_role("button").click()
        expect(snippet.locator("button.copied")).to_be_visible()
        assert copied(writer).startswith(start)
        assert "Bearer ey" not in copied(writer)
    writer.press("Run")
    writer.sees_status("200")
    page.locator("[data-tree] summary").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    expect(page.locator("[data-tree] .copied")).to_be_attached()
    assert copied(writer) == "sub"

    writer.open(f"{connection}/transcript")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    kept = tmp_path / "transcript.txt"
    download.value.save_as(kept)
    text = kept.read_text()
    assert "OAuth transcript of “copied”" in text
    assert "•••" in text


def test_an_answer_that_is_posted_comes_back_through_one_bounce(writer: Owner) -> None:
    page = writer.page
    writer.demo_form("posted", "Authorization code")
    page.get_by_text("Advanced settings").click()
    parameters = page.locator("[data-keyvalue]").filter(has_text="Authorize parameters")
    parameters.get_by_role("button", name="Add").click()
    paste(parameters.locator("input").first, "response_mode=form_post&display=page")
    with page.expect_popup() as opened:
        writer.press("Save and connect")
    opened.value.get_by_role("button", name="Allow").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("is connected")
    assert "?" not in opened.value.url
    close(opened.value)
    writer.sees_connected("posted")

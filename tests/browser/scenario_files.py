"""Scenarios that tests bring into the app as files."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.owner import Owner

_FAILING = """
name: Fails in the end
modules:
  - id: 1
    iterator: {items: "{{ [1, 2, 3] }}"}
  - id: 2
    name: Nobody there
    make_request: {connection: CONNECTION, url: "/status/{{ 404 if 1.value == 2 else 200 }}"}
    on_error: {action: ignore}
  - id: 3
    aggregator: {source: 1, value: "{{ 1.value }}"}
  - id: 4
    name: Nobody there either
    make_request: {connection: CONNECTION, url: /status/404}
"""


def failing(connection: str) -> str:
    """A scenario that fails at its last module, by requests with that connection."""
    return _FAILING.replace("CONNECTION", connection)


def imported(owner: Owner, text: str) -> str:
    """The path of a scenario made of a file's text."""
    page = owner.open("/scenarios/import")
    owner.field("Or paste it").fill(f"grantline: 1\n{text}")
    owner.press("Import")
    expect(page.get_by_role("link", name="Edit the trigger")).to_be_visible()
    page.wait_for_load_state()  # keys pressed before the scripts have run are lost
    return urlsplit(page.url).path

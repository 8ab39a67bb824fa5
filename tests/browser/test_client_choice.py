"""A service that nobody has a client ID for: discovered by its address, registered on saving."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.owner import Owner, allow_at_demo
from tests.browser.test_accessibility import serious


def test_a_service_is_connected_without_ever_seeing_its_console(owner: Owner) -> None:
    owner.open("/connections/new")
    owner.field("Issuer URL").fill(owner.app.demo_url)
    owner.press("Fill in the form")
    expect(owner.field("Client")).to_have_value("registered")
    expect(owner.field("Client secret")).to_be_hidden()
    expect(owner.field("Initial access token")).to_be_visible()
    owner.field("Client").select_option("given")
    expect(owner.field("Client secret")).to_be_visible()
    expect(owner.field("Initial access token")).to_be_hidden()
    owner.field("Client").select_option("registered")
    assert serious(owner.page) == []
    owner.field("Connection name").fill("signed up")
    owner.add_chips("Scopes", "profile")
    owner.add_chips("Hosts", "127.0.0.1")
    owner.in_window(lambda: owner.press("Save and connect"), allow_at_demo)
    owner.sees_connected("signed up")

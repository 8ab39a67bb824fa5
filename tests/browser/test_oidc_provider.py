"""A connection's whole life at an authorization server that others wrote, on its own pages."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.browser.owner import (
    Owner,
    allow_again_at_peer,
    allow_at_peer,
    peer_form,
    sign_in_at,
)
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer


def cancel_at_peer(window: Page) -> None:
    sign_in_at(window)
    window.get_by_role("link", name="Cancel").click()


def connect(owner: Owner, peer: Peer, name: str) -> None:
    peer_form(owner, peer, name)
    owner.in_window(lambda: owner.press("Save and connect"), allow_at_peer)
    owner.sees_connected(name)


def test_create_run_edit_reauthorize_and_delete(owner: Owner, oidc_provider: Peer) -> None:
    page = owner.page
    connect(owner, oidc_provider, "life")
    assert "?" not in page.url  # neither code nor state

    userinfo = f"{oidc_provider.issuer}/me"
    owner.make_request("life", userinfo)
    owner.press("Run")
    owner.sees_status("200")
    expect(page.locator("#response")).to_contain_text("sub")
    owner.field("Name of the request").fill("who am I")
    owner.press("Save")
    expect(page.get_by_role("status").filter(has_text="“who am I” is saved.")).to_be_visible()

    # A scope is added: consent is asked for again, and the request keeps working meanwhile.
    owner.open("/connections")
    owner.menu("life", "Edit")
    expect(page.get_by_text("Kept.").first).to_be_visible()
    owner.add_chips("Scopes", "orders")
    owner.field("Scopes").blur()
    expect(page.locator("[data-needs-after-save]")).not_to_have_attribute(
        "data-needs-after-save", "nothing"
    )
    with page.expect_popup() as opened:
        owner.press("Save")
    window = opened.value
    expect(window.get_by_role("button", name="Continue")).to_be_visible()
    with page.context.new_page() as other:
        meanwhile = Owner(other, owner.app)
        meanwhile.open("/requests").get_by_role("link", name="who am I").click()
        meanwhile.press("Run")
        meanwhile.sees_status("200")
    allow_again_at_peer(window)
    owner.sees_connected("life")

    def reauthorize() -> None:
        page.locator(".page-head").get_by_role("button", name="Reauthorize").click()

    owner.in_window(reauthorize, allow_again_at_peer)
    owner.sees_connected("life")

    owner.open("/connections")
    owner.menu("life", "Delete")
    expect(page.get_by_role("link", name="who am I")).to_be_visible()
    owner.press("Delete “life”")
    expect(page).to_have_url(f"{owner.app.url}/connections")
    expect(page.get_by_role("link", name="life", exact=True)).to_have_count(0)


def test_who_types_while_the_issuer_is_asked_can_type_on(owner: Owner, oidc_provider: Peer) -> None:
    page = owner.open("/connections/new?by=hand")
    owner.field("Issuer URL").fill(oidc_provider.issuer)

    def type_meanwhile(asking: Route) -> None:
        owner.field("Connection name").focus()
        page.keyboard.insert_text("one")
        asking.continue_()

    page.route("**/connections/new/discover", type_meanwhile)
    owner.press("Fill in")
    expect(page.get_by_text("The service told its settings.")).to_be_visible()
    page.keyboard.insert_text(" word")
    expect(owner.field("Connection name")).to_have_value("one word")


def test_cancelling_is_told_with_the_next_step(owner: Owner, oidc_provider: Peer) -> None:
    peer_form(owner, oidc_provider, "cancelled")
    owner.in_window(lambda: owner.press("Save and connect"), cancel_at_peer)
    expect(owner.page.get_by_role("heading", name="Access was not allowed")).to_be_visible()


def test_a_saved_request_still_works_after_its_token_expired(
    owner: Owner, start_oidc_provider: StartPeer
) -> None:
    peer = start_oidc_provider(ttl={"AccessToken": 1})
    page = owner.page
    connect(owner, peer, "short")
    owner.make_request("short", f"{peer.issuer}/me")
    owner.field("Name of the request").fill("lasting")
    owner.press("Save")
    expect(page.get_by_role("status").filter(has_text="“lasting” is saved.")).to_be_visible()

    connection = owner.open("/connections").get_by_role("link", name="short", exact=True)
    address = str(connection.get_attribute("href"))
    expired = page.get_by_text("renewed on use")
    while not owner.open(address).get_by_text("renewed on use").count():
        expect(expired.or_(page.get_by_text("then renewed"))).to_be_visible()

    owner.open("/requests").get_by_role("link", name="lasting").click()
    owner.press("Run")
    owner.sees_status("200")
    owner.open(f"{address}/history")
    expect(page.locator("#main")).to_contain_text("enewed")

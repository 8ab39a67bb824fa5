"""Consent: begun by a click, given elsewhere, and noticed by the page that waits."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

from grantline.connections.connection import Connection
from grantline.connections.engine import LOCAL
from grantline.oauth.app.app_rules import IdentityRules
from grantline.oauth.app.settings import FlowType
from grantline.store.records.connections import Account
from grantline.testing.authorization_server import ServerOptions
from tests.server.conftest import Site, a_site

JSON = {"Accept": "application/json"}


async def begun(site: Site, made: Connection) -> tuple[str, str]:
    """The address to open, and the page that waits."""
    answer = await site.post(f"/connections/{made.id}/authorize", headers=JSON)
    told = answer.json()
    return told["open"], told["next"]


async def poll_of(site: Site, wait: str) -> str:
    """What the waiting page asks again and again."""
    page = unescape((await site.get(wait)).text)
    return page.partition('hx-get="')[2].partition('"')[0]


async def come_back(site: Site, callback: str) -> str:
    """Where the browser ends after the service sent it back."""
    parts = urlsplit(callback)
    answer = await site.get(f"{parts.path}?{parts.query}")
    return str(answer.headers["location"])


async def test_a_page_notices_consent_by_itself(site: Site) -> None:
    made = await site.world.draft("shop")
    url, wait = await begun(site, made)
    poll = await poll_of(site, wait)
    assert (await site.get(poll)).status_code == 204
    assert await come_back(site, site.world.server.approve(url)) == f"/connections/{made.id}/result"
    noticed = await site.get(poll, headers={"HX-Request": "true"})
    assert noticed.headers["HX-Redirect"] == f"/connections/{made.id}"
    assert "“shop” is connected." in (await site.get(f"/connections/{made.id}")).text


async def test_a_reauthorization_is_noticed_by_its_new_token(site: Site) -> None:
    made = await site.world.authorized("shop")
    url, wait = await begun(site, made)
    poll = await poll_of(site, wait)
    assert (await site.get(poll)).status_code == 204
    await come_back(site, site.world.server.approve(url))
    assert (await site.get(poll)).status_code == 303


async def test_the_window_says_what_was_granted(site: Site) -> None:
    made = await site.world.authorized("shop")
    text = (await site.get(f"/connections/{made.id}/result")).text
    assert "Connected" in text
    assert "data-close-window" in text
    for scope in made.scopes:
        assert f">{scope}<" in text


async def test_nothing_is_called_connected_that_is_not(site: Site) -> None:
    made = await site.world.draft()
    answer = await site.get(f"/connections/{made.id}/result")
    assert answer.headers["location"] == f"/connections/{made.id}"


async def test_without_scripts_a_link_leads_to_the_service(site: Site) -> None:
    made = await site.world.draft()
    page = await site.post(f"/connections/{made.id}/authorize")
    assert f'href="{site.world.server.authorize_uri}' in unescape(page.text)


async def test_a_blocked_window_becomes_a_button(site: Site) -> None:
    made = await site.world.draft()
    _, wait = await begun(site, made)
    assert "Open Demo service" in (await site.get(wait)).text
    assert "Open the window again" in (await site.get(wait + "&opened=1")).text


async def test_a_refusal_reaches_both_windows(site: Site) -> None:
    made = await site.world.draft("shop")
    url, wait = await begun(site, made)
    poll = await poll_of(site, wait)
    window = await come_back(site, site.world.server.deny(url))
    assert "Access was not allowed" in (await site.get(window)).text
    noticed = await site.get(poll)
    page = await site.get(noticed.headers["location"])
    assert "Access was not allowed" in page.text
    assert "Authorize" in page.text


async def test_only_a_post_begins_a_consent(site: Site) -> None:
    made = await site.world.draft()
    assert (await site.get(f"/connections/{made.id}/authorize")).status_code == 405
    assert await site.world.engine.consents.pending(LOCAL) == ()


async def test_a_device_code_is_shown_and_waited_for_at_the_services_pace(site: Site) -> None:
    server = site.world.server
    made = await site.world.draft(
        "tv",
        flow=FlowType.DEVICE,
        device_authorization_uri=server.device_authorization_uri,
    )
    _, wait = await begun(site, made)
    page = await site.get(wait)
    poll = await poll_of(site, wait)
    code = page.text.partition('class="user-code"')[2].partition("<code>")[2].partition("<")[0]
    assert (await site.get(poll)).status_code == 204
    assert not polls(site)
    site.world.clock.advance(timedelta(seconds=6))
    assert (await site.get(poll)).status_code == 204
    assert (await site.get(poll)).status_code == 204
    assert polls(site) == 1
    server.approve_device(code)
    site.world.clock.advance(timedelta(seconds=6))
    assert (await site.get(poll)).headers["location"] == f"/connections/{made.id}"
    assert (await site.world.find(made)).state.value == "authorized"


async def test_a_device_code_that_ended_is_explained(tmp_path: Path) -> None:
    options = ServerOptions(device_code_lifetime=timedelta(seconds=30))
    async with a_site(tmp_path, options=options) as site:
        made = await site.world.draft(
            "tv",
            flow=FlowType.DEVICE,
            device_authorization_uri=site.world.server.device_authorization_uri,
        )
        _, wait = await begun(site, made)
        poll = await poll_of(site, wait)
        site.world.clock.advance(timedelta(seconds=31))
        answer = await site.get(poll)
        page = await site.get(answer.headers["location"])
        assert "Nobody entered it in time." in page.text


def polls(site: Site) -> int:
    """How often the service was asked for the device's tokens."""
    entries = site.world.server.journal.at("token")
    return sum("device_code" in entry.incoming.parameters for entry in entries)


async def test_another_account_takes_the_place_of_the_first_by_a_button_alone(site: Site) -> None:
    made = await site.world.authorized(identity=IdentityRules(url="/me", label=("name",), id="sub"))
    store = site.world.engine.context.store
    store.save_account(made.id, Account(id="somebody", label="Some Body"))
    before = await site.world.token(made)
    url, _ = await begun(site, made)
    landed = await come_back(site, site.world.server.approve(url))
    page = unescape((await site.get(landed)).text)

    assert "Some Body" in page
    assert await site.world.token(made) == before
    form = next(
        each for each in page.split("<form")[1:] if "Use the other account</button>" in each
    )
    action = form.partition('action="')[2].partition('"')[0]
    assert 'name="any_account" value="yes"' in form

    told = (await site.post(action, {"any_account": "yes"}, headers=JSON)).json()
    await come_back(site, site.world.server.approve(told["open"]))
    replaced = await site.world.find(made)
    assert (replaced.account_id, replaced.account_label) == ("demo-user", "Demo User")
    assert await site.world.token(made) != before

"""The list of connections, and what its menu does."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL
from grantline.connections.requests.saved_requests import NewRequest
from grantline.errors import ConnectionNotFound
from grantline.scenarios.definition.modules import HttpCall, MakeRequest, Module
from grantline.scenarios.definition.scenario import Scenario
from grantline.testing.authorization_server import ServerOptions
from tests.server.conftest import Site, a_site

ACTIONS = ("Edit", "Verify", "Reauthorize", "Duplicate", "Rename", "Copy id", "Delete")


async def test_the_first_visit_is_shown_what_to_do(site: Site) -> None:
    page = await site.get("/connections")
    assert "Connect a service once" in page.text
    assert 'href="/connections/new?provider=demo"' in page.text


async def test_a_row_says_state_scopes_use_and_expiry_in_words(site: Site) -> None:
    made = await site.world.authorized("shop")
    await site.world.get(made)
    spec = RequestSpec(url="/me")
    await site.world.engine.requests.create(
        LOCAL, NewRequest(name="me", spec=spec, connection_id=made.id)
    )
    text = unescape((await site.get("/connections")).text)
    for words in ("shop", "Authorized", "2 granted", "1 place<", "in 60 min", "then renewed"):
        assert words in text
    for action in ACTIONS:
        assert f"{action}<" in text
    assert f'data-copy="{made.id}"' in text
    assert 'role="menuitem"' in text


async def test_a_connection_shows_its_first_uses_and_leads_to_all_of_them(site: Site) -> None:
    made, other = await site.world.draft("shop"), await site.world.draft("bank")
    for number in range(12):
        new = NewRequest(
            name=f"report {number:02}", spec=RequestSpec(url="/me"), connection_id=made.id
        )
        await site.world.engine.requests.create(LOCAL, new)
    for path in (f"/connections/{made.id}", f"/connections/{made.id}/delete"):
        text = (await site.get(path)).text
        assert "report 09" in text
        assert "report 10" not in text
        assert f'<a href="/requests?connection={made.id}">All 12 requests</a>' in text
    text = unescape((await site.get(f"/requests?connection={made.id}")).text)
    assert "report 11" in text
    assert "Requests that use" in text
    text = (await site.get(f"/requests?connection={other.id}")).text
    assert "No saved request uses this connection." in text
    assert "report" not in text
    text = (await site.get("/requests?connection=con_of_nobody")).text
    assert "a connection that was deleted" in text


async def test_many_scopes_and_hosts_are_folded_behind_the_first(site: Site) -> None:
    made = await site.world.draft(
        "many",
        scopes=tuple(f"scope.{n:03}" for n in range(200)),
        new={"hosts": tuple(f"host{n:02}.example" for n in range(40))},
    )
    text = (await site.get(f"/connections/{made.id}")).text
    assert "188 more scopes" in text
    assert "28 more hosts" in text
    assert text.index("scope.011") < text.index("188 more") < text.index("scope.012")


async def test_fewer_scopes_than_asked_are_said(tmp_path: Path) -> None:
    options = ServerOptions(scopes=("profile",))
    async with a_site(tmp_path, options=options) as site:
        await site.world.authorized("shop")
        assert "1 of 2 granted" in (await site.get("/connections")).text


async def test_a_search_finds_names_and_keeps_the_filter(site: Site) -> None:
    for name in ("alpha", "beta"):
        await site.world.draft(name)
    text = (await site.get("/connections?q=ALP&show=mine")).text
    assert ">alpha<" in text
    assert ">beta<" not in text
    assert 'href="/connections?q=ALP"' in unescape(text)
    assert 'Mine <span class="count">1</span>' in text


async def test_nothing_found_is_said_with_the_way_back(site: Site) -> None:
    await site.world.draft("alpha")
    assert "Nothing matches “zzz”" in (await site.get("/connections?q=zzz")).text
    assert "Nothing needs attention" in (await site.get("/connections?show=needs_attention")).text


async def test_an_unknown_filter_is_refused(site: Site) -> None:
    assert (await site.get("/connections?show=odd")).status_code == 400


async def test_a_long_list_has_pages(site: Site) -> None:
    for number in range(27):
        await site.world.draft(f"c{number:02}")
    first, second = await site.get("/connections"), await site.get("/connections?page=2")
    assert ">c24<" in first.text
    assert ">c25<" not in first.text
    assert 'href="/connections?page=2"' in first.text
    assert ">c26<" in second.text


async def test_verify_answers_beside_the_state(site: Site) -> None:
    made = await site.world.authorized()
    part = await site.post(f"/connections/{made.id}/verify", headers={"HX-Request": "true"})
    assert "fresh access token" in part.text
    assert "<html" not in part.text
    assert f'id="state-{made.id}" hx-swap-oob="true"' in part.text


async def test_verify_without_scripts_says_it_on_the_next_page(site: Site) -> None:
    made = await site.world.authorized()
    answer = await site.post(f"/connections/{made.id}/verify", follow_redirects=True)
    assert "fresh access token" in answer.text


async def test_a_dead_grant_is_verified_as_such_with_the_next_step(site: Site) -> None:
    made = await site.world.authorized()
    site.world.server.revoke_grants()
    part = await site.post(f"/connections/{made.id}/verify", headers={"HX-Request": "true"})
    assert "expired or was revoked" in part.text
    assert f'href="/connections/{made.id}"' in part.text


async def test_renaming_keeps_the_token(site: Site) -> None:
    made = await site.world.authorized("old")
    answer = await site.post(f"/connections/{made.id}/rename", {"name": "new"})
    assert answer.headers["location"] == f"/connections/{made.id}"
    found = await site.world.find(made)
    assert (found.name, found.state.value) == ("new", "authorized")


async def test_a_name_that_is_taken_is_said_beside_the_field_and_kept(site: Site) -> None:
    await site.world.draft("taken")
    made = await site.world.draft("mine")
    page = await site.post(f"/connections/{made.id}/rename", {"name": "taken"})
    assert page.status_code == 422
    assert "This name is taken" in page.text
    assert 'value="taken"' in page.text


async def test_a_duplicate_is_a_draft_of_the_same_app(site: Site) -> None:
    made = await site.world.authorized("one")
    form = await site.get(f"/connections/{made.id}/duplicate")
    assert 'value="one-2"' in form.text
    await site.post(f"/connections/{made.id}/duplicate", {"name": "two"})
    copy = await site.world.engine.find(LOCAL, "two")
    assert (copy.app.id, copy.state.value) == (made.app.id, "draft")


async def test_deleting_says_what_breaks_and_revokes_at_the_service(site: Site) -> None:
    made = await site.world.authorized("gone")
    spec = RequestSpec(url="/me")
    await site.world.engine.requests.create(
        LOCAL, NewRequest(name="me", spec=spec, connection_id=made.id)
    )
    call = HttpCall(spec=spec, connection_id=made.id)
    scenario = await site.scenarios.create(
        LOCAL, Scenario(name="Nightly", modules=(Module(id=1, does=MakeRequest(call=call)),))
    )
    for path in (f"/connections/{made.id}", f"/connections/{made.id}/delete"):
        shown = (await site.get(path)).text
        assert f'<a href="/scenarios/{scenario.id}">Nightly</a>' in shown
    assert "2 places" in (await site.get("/connections")).text
    page = await site.get(f"/connections/{made.id}/delete")
    assert "1 saved request and 1 scenario use it" in page.text
    assert "revoked at the service" in page.text
    answer = await site.post(f"/connections/{made.id}/delete", follow_redirects=True)
    assert "“gone” is deleted." in answer.text
    assert site.world.server.journal.at("revoke")
    with pytest.raises(ConnectionNotFound):
        await site.world.find(made)


async def test_a_token_that_ended_and_cannot_be_renewed_is_said(tmp_path: Path) -> None:
    options = ServerOptions(omit_refresh_token=True)
    async with a_site(tmp_path, options=options) as site:
        await site.world.authorized("short")
        site.world.clock.advance(timedelta(hours=2))
        assert "ended" in (await site.get("/connections")).text


@pytest.mark.parametrize(
    ("method", "tail"),
    [
        *(
            ("GET", tail)
            for tail in (
                *("", "/edit", "/rename", "/duplicate", "/delete", "/consent", "/progress"),
                *("/result", "/history", "/transcript", "/transcript.txt"),
            )
        ),
        *(
            ("POST", tail)
            for tail in (
                *("/edit", "/preview", "/rename", "/duplicate", "/delete", "/authorize"),
                "/verify",
            )
        ),
    ],
)
async def test_a_foreign_id_is_not_found(site: Site, method: str, tail: str) -> None:
    path = f"/connections/con_01m84000000000000000000000{tail}"
    ask = site.get if method == "GET" else site.post
    answer = await ask(path)
    assert answer.status_code == 404

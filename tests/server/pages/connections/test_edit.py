"""Editing a connection: secrets kept, the price said first, and two people at once."""

from __future__ import annotations

from html import unescape
from typing import Any

from grantline.connections.connection import Connection
from grantline.connections.engine import LOCAL
from grantline.connections.planning import ConnectionEdit
from grantline.server.forms.values import values_of
from tests.server.conftest import Site
from tests.server.forms.test_values import sent

JSON = {"Accept": "application/json"}


def form_of(found: Connection, **changes: Any) -> dict[str, Any]:
    """What a browser sends of the form of ``found``, with ``changes`` typed in."""
    form: dict[str, Any] = {"versions": f"{found.version}.{found.app.version}"}
    for name, value in sent(values_of(found)).multi_items():
        form.setdefault(name, []).append(value)
    return {**form, **changes}


async def test_the_form_is_filled_and_secrets_are_kept(site: Site) -> None:
    made = await site.world.authorized("shop", custom_headers=(("X-Key", "hidden-value"),))
    text = unescape((await site.get(f"/connections/{made.id}/edit")).text)
    assert f'value="{made.app.settings.token_uri}"' in text
    assert "Kept.</strong>" in text
    assert "Remove the kept client secret" in text
    assert site.world.server.client.client_secret not in text
    assert "hidden-value" not in text


async def test_saving_without_a_change_changes_nothing_that_matters(site: Site) -> None:
    made = await site.world.authorized("shop", custom_headers=(("X-Key", "hidden-value"),))
    answer = await site.post(f"/connections/{made.id}/edit", form_of(made))
    assert answer.headers["location"] == f"/connections/{made.id}"
    found = await site.world.find(made)
    assert found.app.settings == made.app.settings
    assert found.state.value == "authorized"
    await site.world.token(found)


async def test_another_secret_replaces_the_kept_one_alone(site: Site) -> None:
    made = await site.world.authorized()
    await site.post(f"/connections/{made.id}/edit", form_of(made, client_secret="another"))
    holding = await site.world.engine.context.hold(LOCAL, made.id)
    assert holding.secrets.client_secret is not None
    assert holding.secrets.client_secret.reveal() == "another"
    assert holding.tokens is not None


async def test_a_kept_secret_can_be_removed(site: Site) -> None:
    made = await site.world.authorized()
    await site.post(f"/connections/{made.id}/edit", form_of(made, remove_secret="client_secret"))
    assert await site.world.engine.manage.kept_secrets(LOCAL, made.id) == ()


async def test_the_price_is_said_before_it_is_paid(site: Site) -> None:
    made = await site.world.authorized()
    await site.world.engine.manage.duplicate(LOCAL, made.id, "sibling")

    async def price(**changes: Any) -> str:
        part = await site.post(f"/connections/{made.id}/preview", form_of(made, **changes))
        return unescape(part.text)

    assert "Nothing else is needed." in await price()
    assert "old token keeps working" in await price(scopes="profile orders more")
    elsewhere = {"token_uri": f"{site.world.server.issuer}/token2"}
    refused = await price(**elsewhere)
    assert "Client secret must be typed again" in refused
    dear = await price(**elsewhere, client_secret="typed")
    assert "The token in use is dropped." in dear
    assert "this follows: sibling" in dear
    assert (await site.world.find(made)).version == made.version


async def test_more_scopes_ask_for_consent_and_keep_the_token(site: Site) -> None:
    made = await site.world.authorized()
    answer = await site.post(
        f"/connections/{made.id}/edit", form_of(made, scopes="profile orders more"), headers=JSON
    )
    assert "more" in answer.json()["open"]
    assert (await site.world.find(made)).state.value == "authorized"
    await site.world.token(made)


async def test_dropping_a_token_is_asked_first(site: Site) -> None:
    made = await site.world.authorized()
    form = form_of(
        made, authorize_uri=f"{site.world.server.issuer}/authorize?tenant=2", client_secret="typed"
    )
    asked = await site.post(f"/connections/{made.id}/edit", form, headers=JSON)
    assert "Authorize URI" in asked.json()["confirm"]["text"]
    page = await site.post(f"/connections/{made.id}/edit", form)
    assert "Save and drop the token" in page.text
    assert (await site.world.find(made)).state.value == "authorized"
    await site.post(f"/connections/{made.id}/edit", {**form, "confirmed": "yes"})
    assert (await site.world.find(made)).state.value == "draft"


async def test_two_editors_never_overwrite_each_other_unseen(site: Site) -> None:
    made = await site.world.draft("shop")
    mine = form_of(made, scopes="profile mine")
    theirs = ConnectionEdit(scopes=("profile", "theirs"), settings={"token_name": "Other"})
    await site.world.engine.manage.edit(LOCAL, made.id, theirs)
    page = await site.post(f"/connections/{made.id}/edit", mine)
    assert page.status_code == 409
    text = unescape(page.text)
    assert "Somebody saved this connection while you were editing." in text
    for words in ("profile theirs", "profile mine", "Token name", "Other", "Bearer"):
        assert f"<code>{words}</code>" in text or words == "Token name"
    found = await site.world.find(made)
    assert found.scopes == ("profile", "theirs")
    again = {**mine, "versions": f"{found.version}.{found.app.version}"}
    await site.post(f"/connections/{made.id}/edit", again)
    assert (await site.world.find(made)).scopes == ("profile", "mine")


async def test_what_is_wrong_keeps_what_was_typed(site: Site) -> None:
    made = await site.world.draft("shop")
    page = await site.post(f"/connections/{made.id}/edit", form_of(made, name="", token_uri="x y"))
    assert page.status_code == 422
    assert 'value="x y"' in page.text
    assert (await site.world.find(made)).name == "shop"


async def test_addresses_that_the_issuer_moved_are_filled_in_and_saved_by_a_person(
    site: Site,
) -> None:
    server = site.world.server
    old = f"{server.issuer}/old-token"
    made = await site.world.draft("shop", token_uri=old, revocation_uri=f"{server.issuer}/old")
    path = f"/connections/{made.id}/edit?addresses=published"
    told = unescape((await site.post(f"/connections/{made.id}/doctor")).text)
    page = unescape((await site.get(path)).text)

    assert f'href="{path}"' in told
    assert f'value="{server.token_uri}"' in page
    assert f"<dd><code>{old}</code></dd>" in page
    assert "must be typed again" in page
    assert (await site.world.find(made)).app.settings.token_uri == old

    moved = form_of(made, token_uri=server.token_uri, revocation_uri=server.revocation_uri)
    refused = await site.post(f"/connections/{made.id}/edit", moved)
    assert "must be typed again" in refused.text
    await site.post(
        f"/connections/{made.id}/edit", {**moved, "client_secret": server.client.client_secret}
    )
    assert (await site.world.find(made)).app.settings.token_uri == server.token_uri
    told = (await site.post(f"/connections/{made.id}/doctor")).text
    assert "addresses=published" not in told


async def test_how_many_modules_use_it_at_once_is_a_number_and_costs_nothing(site: Site) -> None:
    made = await site.world.authorized()
    saved = await site.post(f"/connections/{made.id}/edit", form_of(made, at_once=" 3 "))
    assert saved.headers["location"] == f"/connections/{made.id}"
    found = await site.world.find(made)
    assert (found.at_once, found.state) == (3, made.state)
    assert "At most 3 modules" in (await site.get(f"/connections/{made.id}")).text
    refused = await site.post(f"/connections/{made.id}/edit", form_of(found, at_once="many"))
    assert refused.status_code == 422
    assert "no number of modules" in refused.text
    await site.post(f"/connections/{made.id}/edit", form_of(found, at_once=""))
    assert (await site.world.find(made)).at_once == 0

"""A client that nobody enters: the choice in the form, and the document that services read."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from grantline.connections.apps.client_document import document_uri
from grantline.connections.engine import LOCAL
from grantline.oauth.app.settings import ClientSecrets
from grantline.oauth.discovery.metadata import apply_metadata
from grantline.server.forms.values import DEFAULTS, blank
from grantline.server.settings import ServerSettings
from grantline.testing.authorization_server import Answer, Replace, ServerOptions
from tests.server.conftest import Site, a_site
from tests.server.forms.test_values import sent

PUBLIC = ServerSettings(public_url="https://grantline.example")
READS = {"client_id_metadata_document_supported": True}


def choices(text: str) -> list[str]:
    select = re.search(r'<select id="field-client".*?</select>', text, re.DOTALL)
    return re.findall(r'<option value="(\w+)"', select[0]) if select else []


async def discovered(site: Site) -> str:
    form = {"discover": site.world.server.issuer}
    return unescape((await site.post("/connections/new/discover", form)).text)


async def form_of(site: Site, client: str) -> dict[str, Any]:
    """What a browser sends of the form that discovery has filled in."""
    metadata = await site.world.engine.discover(site.world.server.issuer)
    settings = apply_metadata(DEFAULTS, metadata, secrets=ClientSecrets())
    form: dict[str, Any] = {"client": client, "offers": "document registered"}
    values = replace(blank(), name="shop", scopes=("profile",), hosts=("127.0.0.1",))
    for name, value in sent(values.with_settings(settings)).multi_items():
        form.setdefault(name, []).append(value)
    return form


@pytest.mark.parametrize(
    ("metadata", "settings", "offered"),
    [
        ({}, PUBLIC, ["registered", "given"]),
        (READS, PUBLIC, ["document", "registered", "given"]),
        ({**READS, "registration_endpoint": None}, PUBLIC, ["document", "given"]),
        (READS, None, ["registered", "given"]),
        ({"registration_endpoint": None}, PUBLIC, []),
        ({"token_endpoint_auth_methods_supported": ["none"]}, PUBLIC, ["registered", "given"]),
    ],
)
async def test_the_form_offers_what_the_service_does(
    tmp_path: Path, metadata: dict[str, Any], settings: ServerSettings | None, offered: list[str]
) -> None:
    options = ServerOptions(metadata=metadata)
    async with a_site(tmp_path, options=options, settings=settings) as site:
        assert choices(await discovered(site)) == offered


@pytest.mark.parametrize("endpoint", [None, "registered as well"])
async def test_why_no_document_can_be_read_is_said_in_one_line(
    tmp_path: Path, endpoint: str | None
) -> None:
    metadata = READS if endpoint else {**READS, "registration_endpoint": None}
    async with a_site(tmp_path, options=ServerOptions(metadata=metadata)) as site:
        assert "The public URL of this installation is not https" in await discovered(site)


@pytest.mark.parametrize(
    ("client", "shown"),
    [("registered", "given-by-the-service"), ("document", "grantline.example%2Foauth%2Fclient%2F")],
)
async def test_the_preview_has_a_client_id_that_nobody_entered(
    tmp_path: Path, client: str, shown: str
) -> None:
    async with a_site(tmp_path, settings=PUBLIC) as site:
        form, headers = await form_of(site, client), {"Origin": PUBLIC.public_url}
        preview = await site.post("/connections/preview", form, headers=headers)

    assert f"client_id={'' if client == 'registered' else 'https%3A%2F%2F'}{shown}" in preview.text
    assert "The client ID is empty" not in preview.text


async def test_a_client_is_registered_with_the_redirect_uri_that_the_form_shows(site: Site) -> None:
    answer = await site.post("/connections/new", await form_of(site, "registered"))

    assert answer.status_code == 303, answer.text
    (made,) = await site.world.engine.manage.connections(LOCAL)
    (entry,) = site.world.server.journal.at("register")
    assert site.settings.redirect_uri(made.app.settings) in entry.incoming.body.decode()
    assert made.app.settings.client_id.startswith("client_")


async def test_a_refusal_is_shown_in_the_services_words_and_the_choice_stays(site: Site) -> None:
    words = {"error": "invalid_client_metadata", "error_description": "Only on Tuesdays."}
    site.world.server.script("register", Replace(Answer.json(words, status=400)))
    answer = await site.post("/connections/new", await form_of(site, "registered"))

    assert answer.status_code == 422
    assert "Only on Tuesdays." in answer.text
    assert choices(answer.text) == ["document", "registered", "given"]
    assert await site.world.engine.manage.connections(LOCAL) == []


async def test_the_app_of_a_renamed_connection_is_not_in_the_way(site: Site) -> None:
    await site.world.draft("other", new={"app_name": "shop"})
    answer = await site.post("/connections/new", await form_of(site, "registered"))

    assert answer.status_code == 303, answer.text
    assert site.world.server.journal.count("register") == 1


async def test_a_document_is_the_client_and_everybody_may_read_it(tmp_path: Path) -> None:
    options = ServerOptions(metadata=READS)
    async with a_site(tmp_path, options=options, settings=PUBLIC) as site:
        answer = await site.post(
            "/connections/new",
            await form_of(site, "document"),
            headers={"Origin": PUBLIC.public_url},
        )
        assert answer.status_code == 303, answer.text
        (made,) = await site.world.engine.manage.connections(LOCAL)
        client_id = made.app.settings.client_id
        read = await site.stranger.get(client_id.removeprefix(PUBLIC.public_url))

        assert client_id == document_uri(made.app.settings, PUBLIC.public_url)
        assert read.json()["client_id"] == client_id
        assert read.json()["redirect_uris"] == [PUBLIC.redirect_uri(made.app.settings)]
        assert read.headers["cache-control"] == "public, max-age=86400"
        assert "set-cookie" not in read.headers
        assert (await site.stranger.get("/oauth/client/else.json")).status_code == 404


async def test_an_installation_on_this_machine_publishes_nothing(site: Site) -> None:
    assert (await site.stranger.get(f"/oauth/client/{'0' * 16}.json")).status_code == 404

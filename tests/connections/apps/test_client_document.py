"""Client ID metadata documents: what they say, and where there can be none."""

from __future__ import annotations

from pathlib import Path

import pytest

from grantline.connections.apps.client_document import (
    client_document,
    document_uri,
    why_no_document,
)
from grantline.connections.consent.callback_path import callback_digest, callback_path
from grantline.connections.engine import LOCAL
from grantline.connections.manage import NewConnection
from grantline.errors import InvalidInput
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.testing.authorization_server import ServerOptions
from tests.connections.world import World, a_world, app_settings

HERE = "https://grantline.example"
READS = ServerOptions(metadata={"client_id_metadata_document_supported": True})
SETTINGS = AppSettings(
    client_id="",
    authorize_uri="https://as.example/authorize",
    token_uri="https://as.example/token",
)


def test_the_document_is_found_at_its_own_client_id_and_names_one_redirect_uri() -> None:
    document = client_document(callback_digest(SETTINGS), HERE)

    assert document is not None
    assert document["client_id"] == document_uri(SETTINGS, HERE)
    assert document["redirect_uris"] == [HERE + callback_path(SETTINGS)]
    assert document["token_endpoint_auth_method"] == "none"


@pytest.mark.parametrize("digest", ["", "x" * 16, "0" * 15, "0" * 17, "A" * 16, "0" * 16 + "\n"])
def test_what_is_no_callback_path_has_no_document(digest: str) -> None:
    assert client_document(digest, HERE) is None


@pytest.mark.parametrize(
    ("public_url", "why"),
    [
        ("https://grantline.example", ""),
        ("http://grantline.example", "not https"),
        ("http://127.0.0.1:8080", "not https"),
        ("https://localhost", "on this machine"),
    ],
)
def test_only_a_public_address_with_https_has_documents(public_url: str, why: str) -> None:
    assert why in why_no_document(public_url)
    assert (why_no_document(public_url) == "") is (why == "")
    assert (client_document("0" * 16, public_url) is None) is (why != "")


async def created(world: World, public_url: str = HERE, **changes: object) -> AppSettings:
    new = NewConnection(name="demo", settings=app_settings(world.server, client_id="", **changes))
    made = await world.engine.registrar.create_by_document(LOCAL, new, public_url=public_url)
    return made.app.settings


async def test_an_app_with_a_document_is_public_and_registers_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path, READS) as world:
        settings = await created(world)

        assert settings.client_id == document_uri(settings, HERE)
        assert settings.client_authentication is ClientAuthentication.NONE
        assert world.server.journal.count("register") == 0


@pytest.mark.parametrize(
    ("options", "public_url", "redirect_uri"),
    [
        (ServerOptions(), HERE, ""),
        (READS, "http://127.0.0.1:8080", ""),
        (READS, HERE, "https://elsewhere.example/cb"),
    ],
    ids=["not supported", "not public", "another redirect URI"],
)
async def test_a_document_that_would_not_be_read_is_refused(
    tmp_path: Path, options: ServerOptions, public_url: str, redirect_uri: str
) -> None:
    async with a_world(tmp_path, options) as world:
        with pytest.raises(InvalidInput) as refused:
            await created(world, public_url, redirect_uri=redirect_uri)

        assert refused.value.field == "client"


async def test_a_flow_without_a_redirect_has_no_document(tmp_path: Path) -> None:
    async with a_world(tmp_path, READS) as world:
        settings = app_settings(world.server, client_id="")
        new = NewConnection(name="demo", flow=FlowType.DEVICE, settings=settings)
        with pytest.raises(InvalidInput) as refused:
            await world.engine.registrar.create_by_document(LOCAL, new, public_url=HERE)

        assert refused.value.field == "client"

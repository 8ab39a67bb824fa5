"""Apps that register themselves: what is sent, what is kept, and what is left when it fails."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grantline.connections.connection import Connection
from grantline.connections.consent.callback_path import callback_path
from grantline.connections.engine import LOCAL
from grantline.connections.manage import NewConnection
from grantline.errors import AuthorizationServerError, InvalidInput, NameTaken
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import FlowType
from grantline.secret import Secret
from grantline.testing.authorization_server import Replace, ServerOptions
from grantline.testing.authorization_server.exchange import Answer
from tests.connections.world import SCOPES, World, a_world, app_settings

HERE = "https://here.example"


async def registered(world: World, name: str = "demo", **more: Any) -> Connection:
    new = NewConnection(
        name=name, settings=app_settings(world.server, client_id="", **more), scopes=SCOPES
    )
    return await world.engine.registrar.create(LOCAL, new, public_url=HERE)


def sent(world: World) -> dict[str, Any]:
    """The one registration that arrived."""
    (entry,) = world.server.journal.at("register")
    found: dict[str, Any] = json.loads(entry.incoming.body)
    return found


async def test_what_is_registered_is_what_consent_will_send(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        connection = await registered(world)
        redirect_uri = HERE + callback_path(connection.app.settings)
        authorized = await world.authorize(connection, redirect_uri=redirect_uri)

        assert sent(world)["redirect_uris"] == [redirect_uri]
        assert sent(world)["grant_types"] == ["authorization_code", "refresh_token"]
        assert sent(world)["scope"] == "profile orders"
        assert authorized.has_refresh_token
        assert (await world.get(authorized)).status == 200


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        (["none", "client_secret_post"], ClientAuthentication.CLIENT_SECRET_POST),
        (["none"], ClientAuthentication.NONE),
    ],
)
async def test_the_client_proves_itself_as_the_server_lets_it(
    tmp_path: Path, offered: list[str], taken: ClientAuthentication
) -> None:
    options = ServerOptions(metadata={"token_endpoint_auth_methods_supported": offered})
    async with a_world(tmp_path, options) as world:
        app = (await registered(world)).app

        assert app.settings.client_authentication is taken
        assert app.has_secret is (taken is not ClientAuthentication.NONE)


@pytest.mark.parametrize(
    ("metadata", "settings", "field"),
    [
        ({"registration_endpoint": None}, {}, "client_id"),
        ({}, {"token_uri": "https://elsewhere.example/token"}, "token_uri"),
        ({}, {"issuer": ""}, "issuer"),
    ],
)
async def test_nothing_is_registered_where_that_makes_no_sense(
    tmp_path: Path, metadata: dict[str, Any], settings: dict[str, Any], field: str
) -> None:
    async with a_world(tmp_path, ServerOptions(metadata=metadata)) as world:
        with pytest.raises(InvalidInput) as refused:
            await registered(world, **settings)

        assert refused.value.field == field
        assert world.server.journal.count("register") == 0


async def test_a_name_that_is_taken_is_seen_before_anything_is_registered(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.draft("demo")
        with pytest.raises(NameTaken):
            await registered(world, "demo")

        assert world.server.journal.count("register") == 0


async def test_no_client_is_registered_for_a_flow_that_has_none(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        new = NewConnection(
            name="demo",
            flow=FlowType.PASSWORD,
            settings=app_settings(world.server, client_id=""),
        )
        with pytest.raises(InvalidInput) as refused:
            await world.engine.registrar.create(LOCAL, new, public_url=HERE)

        assert refused.value.field == "flow"


async def test_a_refusal_is_in_the_services_words_and_leaves_nothing(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        words = "That redirect URI is not for here."
        refusal = {"error": "invalid_redirect_uri", "error_description": words}
        world.server.script("register", Replace(Answer.json(refusal, status=400)))
        with pytest.raises(AuthorizationServerError) as refused:
            await registered(world)

        assert words in str(refused.value.message) + str(refused.value.description)

        assert await world.engine.manage.connections(LOCAL) == []
        assert await world.engine.manage.apps(LOCAL) == []


async def test_what_the_service_gave_is_kept_sealed(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        ends = world.clock.now().replace(microsecond=0) + timedelta(days=3)
        answer = {
            "client_id": "c",
            "client_secret": "canary-of-the-client",
            "client_secret_expires_at": int(ends.timestamp()),
            "registration_client_uri": f"{world.server.registration_uri}/c",
            "registration_access_token": "canary-of-the-registration",
        }
        world.server.script("register", Replace(Answer.json(answer)))
        app = (await registered(world)).app
        kept = await world.engine.manage.client_secrets(LOCAL, app.id)

        assert kept.client_secret == Secret("canary-of-the-client")
        assert kept.secret_expires_at == ends
        assert kept.registration_token == Secret("canary-of-the-registration")
        assert kept.registration_uri == f"{world.server.registration_uri}/c"
        record = world.engine.context.store.load_app("local", app.id)
        assert "canary" not in repr(record) + repr(kept)
        assert "register/c" not in repr(record)


async def test_another_secret_has_another_end_and_another_client_no_registration(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        answer = {
            "client_id": "c",
            "client_secret": "s",
            "client_secret_expires_at": 2_000_000_000,
            "registration_client_uri": f"{world.server.registration_uri}/c",
            "registration_access_token": "t",
        }
        world.server.script("register", Replace(Answer.json(answer)))
        manage, app = world.engine.manage, (await registered(world)).app
        typed = replace(await manage.client_secrets(LOCAL, app.id), client_secret=Secret("typed"))
        await manage.edit_app(LOCAL, app.id, secrets=typed)
        with_secret = await manage.client_secrets(LOCAL, app.id)
        await manage.edit_app(LOCAL, app.id, settings={"client_id": "d"}, secrets=typed)
        with_client = await manage.client_secrets(LOCAL, app.id)

        assert (with_secret.secret_expires_at, with_secret.registration_uri) == (
            None,
            f"{world.server.registration_uri}/c",
        )
        assert (with_client.registration_uri, with_client.registration_token) == ("", None)


async def test_an_app_that_registered_nothing_is_deleted_in_silence(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        connection = await world.draft()
        await world.engine.delete(LOCAL, connection.id)

        assert (await world.engine.registrar.delete_app(LOCAL, connection.app.id)).note == ""


async def test_a_service_that_keeps_the_registration_costs_nothing_here(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        answer = {
            "client_id": "c",
            "client_secret": "s",
            "registration_client_uri": f"{world.server.registration_uri}/c",
            "registration_access_token": "t",
        }
        world.server.script("register", Replace(Answer.json(answer)))
        connection = await registered(world)
        await world.engine.delete(LOCAL, connection.id)
        deleted = await world.engine.registrar.delete_app(LOCAL, connection.app.id)

        assert "may be left there" in deleted.note
        assert await world.engine.manage.apps(LOCAL) == []

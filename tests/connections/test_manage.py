"""Creating, editing, duplicating and deleting, as a person does it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grantline.connections.connection import Actor
from grantline.connections.edit import Cost
from grantline.connections.engine import LOCAL
from grantline.connections.manage import NewConnection
from grantline.connections.planning import ConnectionEdit
from grantline.connections.state import State
from grantline.errors import (
    AppInUse,
    AppNotFound,
    ConnectionChanged,
    ConnectionNotFound,
    InvalidInput,
    NameTaken,
    NotAuthorized,
)
from grantline.messages import ClientCertificate
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.jwt import new_ec_key
from grantline.secret import Secret
from grantline.testing.authorization_server import Refuse
from tests.connections.world import World, an_engine

AGAIN = ClientSecrets(client_secret=Secret("typed again"))


async def _edit(world: World, **changes: object) -> Cost:
    edit = ConnectionEdit(**changes)  # type: ignore[arg-type]
    return (await world.engine.manage.edit(LOCAL, "demo", edit)).price.cost


async def test_a_connection_and_its_app_are_created_together_or_not_at_all(world: World) -> None:
    await world.draft()
    with pytest.raises(NameTaken):
        await world.draft("demo")
    with pytest.raises(InvalidInput):
        await world.draft("other", token_uri="")
    assert [app.name for app in await world.engine.manage.apps(LOCAL)] == ["demo"]
    assert [each.name for each in await world.engine.manage.connections(LOCAL)] == ["demo"]


async def test_an_app_serves_a_second_account(world: World) -> None:
    first = await world.authorized()
    second = await world.engine.manage.create(LOCAL, NewConnection(name="second", app="demo"))
    assert second.app == first.app
    assert second.state is State.DRAFT
    assert await world.engine.manage.connections_of(LOCAL, first.app.id) == ["demo", "second"]


@pytest.mark.parametrize(
    ("new", "error"),
    [
        ({"app": "nobody"}, AppNotFound),
        ({"app": "app_nobody"}, AppNotFound),
        ({}, InvalidInput),
        ({"name": "con_1"}, InvalidInput),
        ({"name": ""}, InvalidInput),
    ],
)
async def test_a_connection_needs_a_name_and_an_app(
    world: World, new: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await world.engine.manage.create(LOCAL, NewConnection(**{"name": "demo", **new}))


async def test_renaming_keeps_everything_else(world: World) -> None:
    found = await world.authorized()
    assert await _edit(world, name="Renamed") is Cost.NOTHING
    renamed = await world.engine.find(LOCAL, "Renamed")
    assert (renamed.id, renamed.state, renamed.generation) == (found.id, found.state, 1)
    with pytest.raises(ConnectionNotFound):
        await world.engine.find(LOCAL, "demo")
    assert (await world.get(renamed)).is_success


async def test_more_scopes_ask_for_consent_and_keep_the_old_token_in_use(world: World) -> None:
    found = await world.authorized(scopes=("profile",))
    token = await world.token(found)
    assert await _edit(world, scopes=("profile", "orders")) is Cost.CONSENT
    assert await world.token(found) == token
    again = await world.authorize(await world.find(found))
    assert again.granted_scopes == ("profile", "orders")
    assert await _edit(world, scopes=("profile",)) is Cost.NOTHING


async def test_an_edit_against_an_old_version_changes_nothing(world: World) -> None:
    draft = await world.draft()
    await _edit(world, scopes=("a",), version=draft.version)
    with pytest.raises(ConnectionChanged):
        await _edit(world, scopes=("b",), version=draft.version)
    assert (await world.find(draft)).scopes == ("a",)


@pytest.mark.parametrize(
    "secrets",
    [
        ClientSecrets(client_secret=Secret("secret")),
        ClientSecrets(private_key=new_ec_key(b"k" * 48)),
        ClientSecrets(certificate=ClientCertificate("pem", Secret("key"))),
    ],
    ids=["Client secret", "Private key", "Client certificate"],
)
async def test_a_kept_secret_is_never_sent_to_another_server(
    world: World, secrets: ClientSecrets, request: pytest.FixtureRequest
) -> None:
    draft = await world.draft(secrets=secrets, client_authentication="none")
    evil = world.server.second_origin + "/token"
    for change in ({"token_uri": evil}, {"refresh_uri": evil}, {"revocation_uri": evil}):
        with pytest.raises(InvalidInput) as caught:
            await _edit(world, settings=change)
        assert caught.value.field == request.node.callspec.id
    assert (await world.find(draft)).app.settings == draft.app.settings


async def test_another_server_costs_the_tokens_and_the_secret(world: World) -> None:
    found = await world.authorized()
    second = await world.engine.manage.duplicate(LOCAL, "demo", "second")
    await world.authorize(second)
    price = await _edit(
        world, settings={"token_uri": world.server.second_origin + "/t"}, secrets=AGAIN
    )
    assert price is Cost.REAUTHORIZATION
    for connection in (found, second):
        after = await world.find(connection)
        assert (after.state, after.cause) == (State.DRAFT, "identity_edited")
        assert "token_uri" in after.explanation
        assert world.columns(connection) is None
    assert world.server.journal.count("second_origin") == 0


async def test_an_edit_of_an_app_names_the_connections_that_follow(world: World) -> None:
    await world.draft()
    await world.engine.manage.duplicate(LOCAL, "demo", "second")
    edited = await world.engine.manage.edit(
        LOCAL, "demo", ConnectionEdit(settings={"token_name": "Token"})
    )
    assert edited.siblings == ("second",)
    app, price, users = await world.engine.manage.edit_app(
        LOCAL, "demo", new_name="service", settings={"token_name": "Bearer"}
    )
    assert (app.name, price.cost, users) == ("service", Cost.NOTHING, ("demo", "second"))


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"no_such_setting": 1}, "no_such_setting"),
        ({"token_placement": "somewhere"}, "token_placement"),
        ({"expired_statuses": "403"}, "expired_statuses"),
        ({"use_par": "yes"}, "use_par"),
        ({"client_id": ""}, "Client ID"),
        ({"authorize_uri": "javascript:alert(1)"}, "Authorize URI"),
        ({"token_uri": "http://api.example.com/token"}, "Token URI"),
        ({"revocation_uri": "not a URL"}, "Revocation URI"),
        ({"introspection_uri": "ftp://example.com"}, "Introspection URI"),
        ({"pushed_authorization_uri": "x"}, "Pushed authorization URI"),
        ({"device_authorization_uri": "x"}, "Device authorization URI"),
        ({"jwks_uri": "x"}, "JWKS URI"),
        ({"refresh_uri": "x"}, "Refresh URI"),
        ({"base_url": "x"}, "Base URL"),
        ({"authorize_parameters": [["state", "mine"]]}, "Authorize parameters"),
        ({"token_parameters": [["client_secret", "x"]]}, "Access token parameters"),
        ({"refresh_parameters": [["refresh_token", "x"]]}, "Refresh token parameters"),
        ({"custom_headers": [["Host", "x"]]}, "Custom headers"),
        ({"token_name": "two words"}, "Token name"),
    ],
)
async def test_a_wrong_setting_is_named_and_nothing_is_written(
    world: World, settings: dict[str, object], field: str
) -> None:
    draft = await world.draft()
    with pytest.raises(InvalidInput) as caught:
        await _edit(world, settings=settings, secrets=AGAIN)
    assert caught.value.field == field
    assert await world.find(draft) == draft


async def test_an_app_is_not_edited_into_one_that_no_connection_could_use(world: World) -> None:
    draft = await world.draft()
    with pytest.raises(InvalidInput) as caught:
        await world.engine.manage.edit_app(LOCAL, "demo", settings={"authorize_uri": ""})
    assert caught.value.field == "Authorize URI"
    assert await world.find(draft) == draft


async def test_settings_are_taken_as_values_or_as_plain_json(world: World) -> None:
    draft = await world.draft()
    await _edit(world, settings={"pkce": "plain", "expired_statuses": [403, 419]})
    after = (await world.find(draft)).app.settings
    assert after.pkce == "plain"
    assert after.expired_statuses == (403, 419)


@pytest.mark.parametrize("hosts", [("api.example.com",), (), ("127.0.0.1", "api.example.com")])
async def test_only_the_owner_lets_the_token_go_to_more_hosts(
    world: World, hosts: tuple[str, ...]
) -> None:
    draft = await world.draft()
    edit = ConnectionEdit(hosts=hosts, settings={"base_url": "https://api.example.com/v1"})
    with pytest.raises(InvalidInput) as caught:
        await world.engine.manage.edit(Actor(user="colleague"), "demo", edit)
    assert caught.value.field == "hosts"
    await world.engine.manage.edit(LOCAL, "demo", edit)
    assert "api.example.com" in (await world.find(draft)).hosts


async def test_a_copy_has_no_token(world: World) -> None:
    found = await world.authorized()
    copy = await world.engine.manage.duplicate(LOCAL, "demo", "copy")
    assert world.columns(copy) is None
    assert (copy.state, copy.generation) == (State.DRAFT, 0)
    assert (copy.app, copy.scopes, copy.hosts) == (found.app, found.scopes, found.hosts)


async def test_only_the_owner_copies_a_password(world: World) -> None:
    person = {"username": "ada", "password": Secret("of-ada")}
    await world.draft(flow=FlowType.PASSWORD, new=person)
    with pytest.raises(InvalidInput, match="Only the owner"):
        await world.engine.manage.duplicate(Actor(user="colleague"), "demo", "copy")
    copy = await world.engine.manage.duplicate(LOCAL, "demo", "copy")
    held = await world.engine.context.hold(LOCAL, copy.id)
    assert held.flow_secrets.password == Secret("of-ada")


async def test_a_copy_has_a_key_of_its_own(world: World) -> None:
    first = await world.draft(use_dpop=True)
    second = await world.engine.manage.duplicate(LOCAL, "demo", "copy")
    keys = [(await world.engine.context.hold(LOCAL, each.id)).dpop for each in (first, second)]
    assert None not in keys
    assert keys[0] != keys[1]


async def test_deleting_revokes_the_refresh_token_and_then_the_access_token(world: World) -> None:
    found = await world.authorized()
    deleted = await world.engine.delete(LOCAL, "demo")
    assert deleted.revocation.revoked
    hints = [
        entry.incoming.parameters["token_type_hint"] for entry in world.server.journal.at("revoke")
    ]
    assert hints == ["refresh_token", "access_token"]
    with pytest.raises(ConnectionNotFound):
        await world.get(found)


async def test_deleting_does_not_wait_for_a_service_that_is_down(world: World) -> None:
    await world.authorized()
    world.server.script("revoke", Refuse(503), Refuse(503))
    deleted = await world.engine.delete(LOCAL, "demo")
    assert not deleted.revocation.revoked
    assert await world.engine.manage.connections(LOCAL) == []


async def test_a_connection_whose_secrets_do_not_open_can_still_be_deleted(
    world: World, tmp_path: Path
) -> None:
    """A damaged row harms only itself."""
    found = await world.authorized()
    await world.authorized("other")
    context = world.engine.context
    record = context.store.load_connection("local", found.id)
    assert record.tokens is not None
    other = context.store.find_connection("local", "other")
    assert other.tokens is not None
    context.store.save_authorized(
        found.id,
        record.generation,
        other.tokens,
        record.health,
        scopes=record.scopes,
        event=context.event(LOCAL, "x", found.id),
    )
    assert len(await world.engine.manage.connections(LOCAL)) == 2
    deleted = await world.engine.delete(LOCAL, "demo")
    assert not deleted.revocation.revoked
    assert [each.name for each in await world.engine.manage.connections(LOCAL)] == ["other"]


async def test_an_app_in_use_stays(world: World) -> None:
    await world.draft()
    with pytest.raises(AppInUse):
        await world.engine.manage.delete_app(LOCAL, "demo")
    await world.engine.delete(LOCAL, "demo")
    await world.engine.manage.delete_app(LOCAL, "demo")
    assert await world.engine.manage.apps(LOCAL) == []


async def test_history_tells_what_happened_newest_first(world: World) -> None:
    await world.authorized()
    await _edit(world, scopes=("profile",))
    await world.engine.delete(LOCAL, "demo")
    assert [event.kind for event in await world.engine.history(LOCAL)] == [
        "connection.deleted",
        "connection.edited",
        "connection.authorized",
        "connection.created",
    ]


async def test_an_edit_made_by_another_process_is_followed_within_a_second(
    world: World, tmp_path: Path
) -> None:
    found = await world.authorized()
    await world.get(found)
    async with an_engine(tmp_path, world.clock) as elsewhere:
        await elsewhere.manage.edit(
            LOCAL, "demo", ConnectionEdit(settings={"client_id": "other"}, secrets=AGAIN)
        )
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(NotAuthorized):
        await world.get(found)
    assert world.server.journal.count("api") == 1


async def test_verify_says_what_to_do_next(world: World) -> None:
    draft = await world.draft()
    verification = await world.engine.verify(LOCAL, "demo")
    assert (verification.works, "authorize demo" in verification.next_step) == (False, True)
    await world.authorize(draft)
    assert (await world.engine.verify(LOCAL, "demo")).works is True


async def test_verify_asks_by_introspection_where_there_is_any(world: World) -> None:
    await world.authorized(introspection_uri=world.server.introspection_uri)
    assert (await world.engine.verify(LOCAL, "demo")).works is True
    world.server.revoke_grants()
    verification = await world.engine.verify(LOCAL, "demo")
    assert (verification.works, "reauthorize demo" in verification.next_step) == (False, True)
    assert len(world.refreshes()) == 1


def test_settings_and_secrets_start_from_an_honest_server() -> None:
    settings = AppSettings(client_id="c")
    assert settings.pkce == "S256"
    assert NewConnection(name="n").flow is FlowType.AUTHORIZATION_CODE


@pytest.mark.parametrize(
    ("edit", "cost"),
    [
        (ConnectionEdit(name="other"), Cost.NOTHING),
        (ConnectionEdit(scopes=("profile", "orders", "admin")), Cost.CONSENT),
        (ConnectionEdit(settings={"client_id": "other"}, secrets=AGAIN), Cost.REAUTHORIZATION),
    ],
)
async def test_the_price_of_an_edit_is_known_before_it_is_made(
    world: World, edit: ConnectionEdit, cost: Cost
) -> None:
    found = await world.authorized()
    assert (await world.engine.manage.price(LOCAL, "demo", edit)).cost is cost
    assert await world.find(found) == found
    assert (await world.engine.manage.edit(LOCAL, "demo", edit)).price.cost is cost


async def test_a_price_is_refused_where_the_edit_would_be(world: World) -> None:
    await world.draft()
    edit = ConnectionEdit(settings={"token_uri": "https://other.example/token"})
    with pytest.raises(InvalidInput, match="typed again"):
        await world.engine.manage.price(LOCAL, "demo", edit)


async def test_secrets_are_kept_replaced_and_removed_one_by_one(world: World) -> None:
    password = {"username": "ada", "password": Secret("correct horse")}
    await world.draft(flow=FlowType.PASSWORD, new=password)
    manage = world.engine.manage

    async def kept() -> tuple[str, ...]:
        return await manage.kept_secrets(LOCAL, "demo")

    assert await kept() == ("client_secret", "username", "password")
    keyed = ClientSecrets(private_key=Secret("key"))
    await manage.edit(LOCAL, "demo", ConnectionEdit(secrets=keyed, remove_secrets=("password",)))
    assert await kept() == ("client_secret", "private_key", "username")
    await manage.edit(
        LOCAL,
        "demo",
        ConnectionEdit(
            settings={"client_authentication": "none"},
            remove_secrets=("client_secret", "private_key", "username"),
        ),
    )
    assert await kept() == ()
    with pytest.raises(InvalidInput) as refused:
        await manage.edit(LOCAL, "demo", ConnectionEdit(remove_secrets=("dpop_key",)))
    assert refused.value.field == "remove_secrets"


async def test_a_secret_that_goes_need_not_be_typed_again(world: World) -> None:
    await world.draft()
    edit = ConnectionEdit(
        settings={
            "token_uri": "https://other.example/token",
            "client_authentication": "none",
        },
        remove_secrets=("client_secret",),
    )
    edited = await world.engine.manage.edit(LOCAL, "demo", edit)
    assert not edited.connection.app.has_secret

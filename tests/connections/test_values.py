"""What a connection gives and its service sends, in the settings and hosts it is used with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.manage import NewConnection
from grantline.connections.planning import ConnectionEdit
from grantline.connections.values import settled_app
from grantline.errors import InvalidInput
from grantline.oauth.app.app_rules import IdentityRules, Input
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings
from grantline.testing.authorization_server import ServerOptions
from tests.connections.world import World

SHOP = Input(name="shop", label="Shop", example="acme", pattern="[a-z]+")
SETTINGS = AppSettings(
    client_id="an-id",
    inputs=(SHOP,),
    authorize_uri="https://{shop}.books.example/authorize",
    token_uri="https://{shop}.books.example/token",
    base_url="https://{shop}.books.example/api",
)
FREE = replace(
    SETTINGS,
    inputs=(SHOP, Input(name="host", label="Host", example="a.example")),
    authorize_uri="https://{host}/authorize",
    token_uri="https://{host}/token",
)


def new(name: str, **changes: Any) -> NewConnection:
    given = {"settings": SETTINGS, "inputs": {"shop": "acme"}, "hosts": ("{shop}.books.example",)}
    return NewConnection(name=name, **{**given, **changes})


@pytest.mark.parametrize(
    ("uri", "is_chosen"),
    [
        ("https://{host}/token", True),
        ("https://api.{host}/token", True),
        ("https://login.{host}.com/token", True),
        ("https://{host}.books.example/token", False),
        ("https://eu-{host}.api.books.example:8443/token", False),
        ("https://a.example/{host}", False),
    ],
)
def test_what_chooses_the_server_itself_becomes_part_of_the_app(
    uri: str, *, is_chosen: bool
) -> None:
    settings = replace(SETTINGS, inputs=(Input(name="host", label="Host"),), token_uri=uri)
    settings = replace(settings, authorize_uri="", base_url="")

    app, own = settled_app(settings, {"host": "books"})

    assert own == ({} if is_chosen else {"host": "books"})
    assert ("{host}" in app.token_uri) is not is_chosen
    assert bool(app.inputs) is not is_chosen


async def test_two_connections_of_one_app_have_inputs_of_their_own(world: World) -> None:
    mine = await world.engine.manage.create(LOCAL, new("mine"))
    again = NewConnection(name="theirs", app=mine.app.id, inputs={"shop": "other"})
    theirs = await world.engine.manage.create(LOCAL, again)

    assert mine.hosts == ("acme.books.example",)
    assert theirs.hosts == ("other.books.example",)
    held = await world.engine.context.hold(LOCAL, theirs.id)
    assert held.settings.token_uri == "https://other.books.example/token"
    assert held.app_settings.token_uri == SETTINGS.token_uri


async def test_an_app_keeps_the_server_that_its_secret_was_typed_for(world: World) -> None:
    inputs = {"shop": "acme", "host": "a.example"}
    mine = await world.engine.manage.create(LOCAL, new("mine", settings=FREE, inputs=inputs))

    assert mine.app.settings.token_uri == "https://a.example/token"
    with pytest.raises(InvalidInput, match="host"):
        await world.engine.manage.create(
            LOCAL,
            NewConnection(name="x", app=mine.app.id, inputs={"shop": "b", "host": "evil.example"}),
        )


async def test_an_input_that_is_missing_is_asked_for_by_its_label(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        await world.engine.manage.create(LOCAL, new("mine", inputs={}))

    assert caught.value.field == "Shop"


async def test_another_input_ends_the_authorization_and_moves_the_hosts(world: World) -> None:
    hosts = ("{shop}.books.example", "cdn.example")
    mine = await world.engine.manage.create(LOCAL, new("mine", hosts=hosts))

    edited = await world.engine.manage.edit(
        LOCAL, mine.id, ConnectionEdit(inputs={"shop": "other"})
    )

    assert edited.price.reasons == ("inputs",)
    assert not edited.price.secret_required
    assert edited.connection.hosts == ("cdn.example", "other.books.example")
    assert edited.connection.inputs == {"shop": "other"}


def answers_with_addresses(answer: dict[str, Any]) -> dict[str, Any]:
    """A service that sends the addresses of an account's API, one of them a strange one."""
    api = {"good": "https://eu.books.example", "bad": "https://evil.test"}
    return {**answer, "api": api}


@pytest.mark.parametrize("server_options", [ServerOptions(token_answer=answers_with_addresses)])
async def test_a_value_that_the_service_sends_builds_addresses_when_a_rule_allows_it(
    world: World,
) -> None:
    allowed = ("*.books.example",)
    rules = ResponseRules(
        captured_parameters=("api.good", "api.bad"),
        allowed_values=(("api.good", allowed), ("api.bad", allowed)),
    )
    made = await world.authorized(
        base_url="{api.good}/v1",
        revocation_uri="{api.bad}/revoke",
        response=rules,
        new={"hosts": ("{api.good}", "{api.bad}")},
    )

    held = await world.engine.context.hold(LOCAL, made.id)
    assert held.settings.base_url == "https://eu.books.example/v1"
    assert held.settings.revocation_uri == "{api.bad}/revoke"
    assert held.hosts == {"eu.books.example"}


async def test_the_identity_request_names_the_account_and_keeps_what_is_needed(
    world: World,
) -> None:
    identity = IdentityRules(
        url="/me", label=("email", "name"), id="sub", captures=(("who", "sub"),)
    )
    made = await world.authorized(identity=identity, base_url=world.server.api_url)

    assert made.account_label == "Demo User"
    assert made.account_id == "demo-user"
    held = await world.engine.context.hold(LOCAL, made.id)
    assert held.record.captured == {"who": "demo-user"}

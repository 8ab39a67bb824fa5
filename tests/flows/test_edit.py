"""Editing and duplicating connections that real servers have granted."""

from __future__ import annotations

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.edit import Cost
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.state import State
from grantline.errors import AccountChanged, InvalidInput, NotAuthorized
from grantline.oauth.app.settings import ClientSecrets
from grantline.secret import Secret
from tests.flows.journeys import authorize, connected, get
from tests.peers.browser import Person
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


async def test_more_scopes_need_a_consent_and_the_old_token_works_until_then(
    engine: Engine, oidc_provider: Peer
) -> None:
    few = ("openid", "offline_access")
    connection = await connected(engine, oidc_provider, scopes=few)
    before = await engine.token(LOCAL, connection.id)
    orders = RequestSpec(url="/orders")
    edited = await engine.manage.edit(LOCAL, connection.id, ConnectionEdit(scopes=(*few, "orders")))

    assert edited.price.cost is Cost.CONSENT
    assert edited.connection.state is State.AUTHORIZED
    assert await engine.token(LOCAL, connection.id) == before
    assert (await get(engine, connection))["scope"] == "openid offline_access"
    assert (await engine.request(LOCAL, connection.id, orders)).status == 403
    # A renewal meanwhile asks for what was granted, not for what is wanted.
    renewed = await engine.token(LOCAL, connection.id, rejected=before)
    assert renewed != before

    again = await authorize(engine, edited.connection)

    assert set(again.granted_scopes or ()) == {*few, "orders"}
    assert (await engine.request(LOCAL, connection.id, orders)).status == 200


async def test_an_edit_that_touches_no_grant_keeps_the_token(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connected(engine, oidc_provider)
    before = await engine.token(LOCAL, connection.id)
    edited = await engine.manage.edit(
        LOCAL,
        connection.id,
        ConnectionEdit(
            name="renamed", settings={"base_url": "", "refresh_parameters": (("audience", "x"),)}
        ),
    )
    answer = await engine.request(LOCAL, "renamed", RequestSpec(url=f"{oidc_provider.api_url}/me"))

    assert edited.price.cost is Cost.NOTHING
    assert await engine.token(LOCAL, connection.id) == before
    assert answer.status == 200


async def test_another_client_needs_its_own_secret_and_a_new_authorization(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connected(engine, oidc_provider, "web")
    another = {"client_id": "web-post"}
    with pytest.raises(InvalidInput) as refused:
        await engine.manage.edit(LOCAL, connection.id, ConnectionEdit(settings=another))
    assert refused.value.field == "Client secret"

    secret = oidc_provider.clients["web-post"].client_secret
    assert secret is not None
    edited = await engine.manage.edit(
        LOCAL,
        connection.id,
        ConnectionEdit(
            settings={**another, "client_authentication": "client_secret_post"},
            secrets=ClientSecrets(client_secret=Secret(secret)),
        ),
    )
    with pytest.raises(NotAuthorized):
        await get(engine, connection)

    again = await authorize(engine, edited.connection)
    assert (await get(engine, again))["client_id"] == "web-post"


async def test_another_server_gets_neither_the_secret_nor_the_refresh_token(
    engine: Engine, oidc_provider: Peer, start_oidc_provider: StartPeer
) -> None:
    other = start_oidc_provider(dpop_nonce_required=True)
    connection = await connected(engine, oidc_provider, "web")
    elsewhere = {
        "issuer": other.issuer,
        "authorize_uri": other.endpoints["authorization_endpoint"],
        "token_uri": other.endpoints["token_endpoint"],
    }
    with pytest.raises(InvalidInput) as refused:
        await engine.manage.edit(LOCAL, connection.id, ConnectionEdit(settings=elsewhere))

    assert refused.value.field == "Client secret"
    assert (await get(engine, connection))["sub"] == "person"


async def test_a_new_consent_replaces_the_account_when_that_is_what_is_wanted(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connected(engine, oidc_provider)
    with pytest.raises(AccountChanged, match="colleague"):
        await authorize(engine, connection, person=Person("colleague"))
    assert (await get(engine, connection))["sub"] == "person"

    again = await authorize(engine, connection, person=Person("colleague"), any_account=True)

    assert again.account_label == "colleague"
    assert (await get(engine, again))["sub"] == "colleague"


async def test_an_edit_of_the_app_reaches_every_connection_of_it(
    engine: Engine, oidc_provider: Peer
) -> None:
    mine = await connected(engine, oidc_provider, "web")
    theirs = await authorize(
        engine, await engine.manage.duplicate(LOCAL, mine.name, "theirs"), person=Person("other")
    )
    await get(engine, theirs)
    edited = await engine.manage.edit(
        LOCAL, mine.name, ConnectionEdit(settings={"base_url": f"{oidc_provider.api_url}/orders"})
    )

    assert edited.siblings == ("theirs",)
    for connection in (mine, theirs):
        answer = await engine.request(LOCAL, connection.id, RequestSpec(url="?page=3"))
        assert answer.json()["page"] == 3

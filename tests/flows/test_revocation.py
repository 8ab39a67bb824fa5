"""Revocation (RFC 7009) on deletion, and what introspection (RFC 7662) says before and after."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from grantline.connections.engine import LOCAL, Engine
from grantline.connections.revoke import revoke_tokens
from grantline.connections.state import State
from grantline.errors import ConnectionNotFound
from grantline.messages import HttpRequest
from grantline.oauth.app.settings import FlowType
from grantline.oauth.requests.client_auth import basic_credentials
from grantline.secret import Secret
from tests.flows.journeys import authorize, connect, connected, get
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


async def is_active(engine: Engine, peer: Peer, token: Secret) -> bool:
    """What the peer says of ``token`` to its client ``web``, which is not the one that has it."""
    web = peer.clients["web"]
    assert web.client_secret is not None
    answer = await engine.context.transport.send(
        HttpRequest(
            "POST",
            peer.endpoints["introspection_endpoint"],
            (
                ("Authorization", basic_credentials("web", Secret(web.client_secret))),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ),
            urlencode({"token": token.reveal()}).encode(),
        )
    )
    active = json.loads(answer.body)["active"]
    assert isinstance(active, bool)
    return active


@pytest.mark.parametrize("client_id", ["native", "web"])
async def test_deletion_takes_the_grant_back_at_the_service(
    engine: Engine, peer: Peer, client_id: str
) -> None:
    connection = await connected(engine, peer, client_id)
    holding = await engine.context.hold(LOCAL, connection.id)
    access, refresh = holding.granted.access_token, holding.granted.refresh_token
    assert refresh is not None
    assert await is_active(engine, peer, access)

    deleted = await engine.delete(LOCAL, connection.name)

    assert deleted.revocation.revoked
    assert not await is_active(engine, peer, access)
    assert not await is_active(engine, peer, refresh)
    with pytest.raises(ConnectionNotFound):
        await engine.find(LOCAL, connection.id)


async def test_deleting_a_draft_revokes_nothing(engine: Engine, oidc_provider: Peer) -> None:
    connection = await connect(engine, oidc_provider)
    deleted = await engine.delete(LOCAL, connection.name)

    assert deleted.revocation.note == "There were no tokens to revoke."


async def test_a_client_that_may_not_revoke_is_told_and_still_deletes(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connected(engine, oidc_provider, revocation_uri="")
    token = await engine.token(LOCAL, connection.id)
    deleted = await engine.delete(LOCAL, connection.name)

    assert not deleted.revocation.revoked
    assert "the service's own settings" in deleted.revocation.note
    assert await is_active(engine, oidc_provider, token)


@pytest.mark.parametrize("client_id", ["native", "web"])
async def test_verify_asks_the_server_about_the_token(
    engine: Engine, peer: Peer, client_id: str
) -> None:
    connection = await connected(engine, peer, client_id)
    verified = await engine.verify(LOCAL, connection.name)

    assert verified.works
    assert verified.explanation == "The service says that the token is active."


@pytest.mark.parametrize("path", ["", "/nowhere"], ids=["no introspection", "refused"])
async def test_verify_renews_where_the_server_tells_nothing(
    engine: Engine, peer: Peer, path: str
) -> None:
    """RFC 7662 section 4: a server need not tell every client."""
    uri = peer.issuer + path if path else ""
    connection = await connected(engine, peer, introspection_uri=uri)
    verified = await engine.verify(LOCAL, connection.name)

    assert verified.works
    assert (await engine.find(LOCAL, connection.id)).generation == 2


@pytest.mark.parametrize("introspection", [True, False], ids=["introspection", "renewal"])
async def test_a_grant_that_was_revoked_elsewhere_does_not_work_until_the_person_comes_back(
    engine: Engine, oidc_provider: Peer, *, introspection: bool
) -> None:
    changes = {} if introspection else {"introspection_uri": ""}
    connection = await connected(engine, oidc_provider, **changes)
    holding = await engine.context.hold(LOCAL, connection.id)
    assert (await revoke_tokens(engine.context, holding, holding.tokens)).revoked

    verified = await engine.verify(LOCAL, connection.name)

    assert verified.works is False
    assert "reauthorize orders" in verified.next_step
    again = await authorize(engine, connection)
    assert again.state is State.AUTHORIZED
    assert (await engine.verify(LOCAL, connection.name)).works
    assert (await get(engine, again))["sub"] == "person"


async def test_a_machine_whose_token_was_revoked_still_works(
    engine: Engine, oidc_provider: Peer
) -> None:
    """Introspection says that the token is not active; the next one is there for the asking."""
    machine = await connect(
        engine, oidc_provider, "machine", flow=FlowType.CLIENT_CREDENTIALS, scopes=("orders",)
    )
    await engine.authorize.obtain(LOCAL, machine.id)
    holding = await engine.context.hold(LOCAL, machine.id)
    assert (await revoke_tokens(engine.context, holding, holding.tokens)).revoked

    assert (await engine.verify(LOCAL, machine.name)).works
    assert (await get(engine, machine))["sub"] == "machine"


async def test_a_machine_that_is_deleted_gives_its_token_back(
    engine: Engine, oidc_provider: Peer
) -> None:
    machine = await connect(
        engine, oidc_provider, "machine", flow=FlowType.CLIENT_CREDENTIALS, scopes=("orders",)
    )
    await engine.authorize.obtain(LOCAL, machine.id)
    token = await engine.token(LOCAL, machine.id)

    assert (await engine.delete(LOCAL, machine.name)).revocation.revoked
    assert not await is_active(engine, oidc_provider, token)

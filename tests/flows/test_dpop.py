"""DPoP (RFC 9449): tokens bound to a key, at a server and an API that both want nonces."""

from __future__ import annotations

import pytest

from grantline.connections.engine import LOCAL, Engine
from grantline.connections.open import open_engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.errors import AuthorizationServerError
from grantline.messages import HttpRequest
from grantline.testing.clock import FakeClock
from tests.flows.journeys import authorize, connect, connected, consent, deliver, get
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


@pytest.fixture(params=[{"dpop_nonce_required": True}, {}], ids=["nonces", "no nonces"])
def peer(request: pytest.FixtureRequest, start_oidc_provider: StartPeer) -> Peer:
    return start_oidc_provider(**request.param)


async def test_a_bound_token_is_renewed_and_brings_data(engine: Engine, peer: Peer) -> None:
    connection = await connected(engine, peer, "dpop", use_dpop=True)
    assert (await get(engine, connection))["token_type"] == "DPoP"
    first = await engine.token(LOCAL, connection.id)
    second = await engine.token(LOCAL, connection.id, rejected=first)

    assert second != first
    assert (await get(engine, connection, "/orders?page=2"))["page"] == 2


async def test_a_bound_token_is_worth_nothing_without_its_key(engine: Engine, peer: Peer) -> None:
    connection = await connected(engine, peer, "dpop", use_dpop=True)
    token = (await engine.token(LOCAL, connection.id)).reveal()
    stolen = HttpRequest("GET", f"{peer.api_url}/me", (("Authorization", f"Bearer {token}"),))

    assert (await engine.context.transport.send(stolen)).status == 401


async def test_the_key_outlives_the_process(
    settings: Settings, clock: FakeClock, start_oidc_provider: StartPeer
) -> None:
    peer = start_oidc_provider(dpop_nonce_required=True)
    async with open_engine(settings, clock=clock) as engine:
        connection = await connected(engine, peer, "dpop", use_dpop=True)
    async with open_engine(settings, clock=clock) as engine:
        first = await engine.token(LOCAL, connection.id)

        assert (await get(engine, connection))["token_type"] == "DPoP"
        assert await engine.token(LOCAL, connection.id, rejected=first) != first


async def test_a_pushed_request_is_bound_to_the_key_as_well(engine: Engine, peer: Peer) -> None:
    connection = await connected(engine, peer, "dpop", use_dpop=True, use_par=True)

    assert (await get(engine, connection))["token_type"] == "DPoP"


async def test_a_client_that_must_bind_its_tokens_gets_none_without_a_key(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connect(engine, oidc_provider, "dpop")
    redirected = await consent(engine, connection)
    with pytest.raises(AuthorizationServerError) as refused:
        await deliver(engine, redirected)

    # oidc-provider says no more than that, so neither can we.
    assert refused.value.error == "invalid_grant"


async def test_switching_to_bound_tokens_asks_for_a_new_consent(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connected(engine, oidc_provider)
    edited = await engine.manage.edit(
        LOCAL, connection.id, ConnectionEdit(settings={"use_dpop": True})
    )
    assert edited.connection.state is State.DRAFT

    connection = await authorize(engine, edited.connection)

    assert (await get(engine, connection))["token_type"] == "DPoP"

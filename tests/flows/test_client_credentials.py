"""Client credentials: a machine with a secret of its own, and nobody to ask."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL, Engine
from grantline.connections.state import State
from grantline.oauth.app.settings import FlowType
from grantline.testing.clock import FakeClock
from tests.flows.journeys import connect, get
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


async def test_a_machine_gets_a_token_and_the_next_one_by_itself(
    engine: Engine, peer: Peer, clock: FakeClock
) -> None:
    scope = peer.scope.split()[-1]
    machine = await connect(
        engine, peer, "machine", flow=FlowType.CLIENT_CREDENTIALS, scopes=(scope,)
    )
    await engine.authorize.obtain(LOCAL, machine.id)
    first = await engine.token(LOCAL, machine.id)
    assert len((await get(engine, machine, "/orders"))["orders"]) == 2

    # The peers' tokens live for one hour, or for ten at most.
    clock.advance(timedelta(hours=11))

    assert await engine.token(LOCAL, machine.id) != first
    assert len((await get(engine, machine, "/orders"))["orders"]) == 2
    found = await engine.find(LOCAL, machine.id)
    assert (found.state, found.generation) == (State.AUTHORIZED, 2)
    assert not found.has_refresh_token


async def test_a_token_is_asked_for_one_resource(engine: Engine, oidc_provider: Peer) -> None:
    machine = await connect(
        engine,
        oidc_provider,
        "machine",
        flow=FlowType.CLIENT_CREDENTIALS,
        scopes=("orders",),
        resources=(oidc_provider.api_url,),
    )
    await engine.authorize.obtain(LOCAL, machine.id)

    assert (await get(engine, machine))["client_id"] == "machine"

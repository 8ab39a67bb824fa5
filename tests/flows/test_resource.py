"""Resource indicators (RFC 8707): a token for one API, asked for and renewed as such."""

from __future__ import annotations

import pytest

from grantline.connections.edit import Cost
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.state import State
from grantline.errors import AuthorizationServerError
from tests.flows.journeys import authorize, connect, connected, consent, deliver, get
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


async def test_a_token_for_one_resource_is_renewed_for_it(engine: Engine, peer: Peer) -> None:
    connection = await connected(engine, peer, resources=(peer.api_url,))
    first = await engine.token(LOCAL, connection.id)
    assert (await get(engine, connection))["sub"] == "person"
    second = await engine.token(LOCAL, connection.id, rejected=first)

    assert second != first
    assert (await get(engine, connection, "/orders"))["page"] == 1


async def test_a_resource_that_the_server_does_not_know_is_refused(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connect(engine, oidc_provider, resources=("https://api.example",))
    redirected = await consent(engine, connection)
    with pytest.raises(AuthorizationServerError) as refused:
        await deliver(engine, redirected)

    assert refused.value.error == "invalid_target"
    assert (await engine.find(LOCAL, connection.id)).state is State.DRAFT


async def test_another_resource_needs_a_consent(engine: Engine, oidc_provider: Peer) -> None:
    connection = await connected(engine, oidc_provider)
    edit = ConnectionEdit(settings={"resources": (oidc_provider.api_url,)})
    edited = await engine.manage.edit(LOCAL, connection.id, edit)

    assert edited.price.cost is Cost.CONSENT
    assert (await get(engine, connection))["sub"] == "person"
    again = await authorize(engine, edited.connection)
    assert (await get(engine, again, "/orders"))["page"] == 1

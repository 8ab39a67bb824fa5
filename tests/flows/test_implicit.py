"""Implicit, for services that have nothing else: the token comes back in the fragment."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from grantline.connections.engine import Engine
from grantline.connections.state import State
from grantline.errors import AuthorizationDenied, CallbackRejected, ReauthorizationRequired
from grantline.oauth.app.settings import FlowType
from grantline.testing.clock import FakeClock
from tests.flows.journeys import authorize, connect, connected, consent, deliver, get
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


async def test_a_token_in_the_fragment_brings_data(engine: Engine, django_toolkit: Peer) -> None:
    connection = await connected(engine, django_toolkit, "implicit", flow=FlowType.IMPLICIT)

    assert not connection.has_refresh_token
    assert (await get(engine, connection))["sub"] == "person"


async def test_a_person_is_needed_when_the_token_has_ended(
    engine: Engine, django_toolkit: Peer, clock: FakeClock
) -> None:
    connection = await connected(engine, django_toolkit, "implicit", flow=FlowType.IMPLICIT)
    clock.advance(timedelta(hours=11))
    with pytest.raises(ReauthorizationRequired) as ended:
        await get(engine, connection)

    assert f"grantline connection reauthorize {connection.name}" in ended.value.hint
    await authorize(engine, connection)
    assert (await get(engine, connection))["sub"] == "person"


async def test_a_person_may_refuse(engine: Engine, django_toolkit: Peer) -> None:
    connection = await connect(engine, django_toolkit, "implicit", flow=FlowType.IMPLICIT)
    redirected = await consent(engine, connection, deny=True)
    with pytest.raises(AuthorizationDenied):
        await deliver(engine, redirected)


async def test_a_token_for_another_journey_is_refused(engine: Engine, django_toolkit: Peer) -> None:
    connection = await connect(engine, django_toolkit, "implicit", flow=FlowType.IMPLICIT)
    redirected = await consent(engine, connection)
    assert urlsplit(redirected).fragment
    with pytest.raises(CallbackRejected) as refused:
        await deliver(engine, redirected.replace("state=", "state=not"))

    assert refused.value.check == "state_mismatch"
    # What the browser really brought is still good.
    assert (await deliver(engine, redirected)).state is State.AUTHORIZED

"""Device authorization (RFC 8628): the person types the code on the pages of each peer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio.to_thread
import pytest

from grantline.connections.consent.device import DeviceStart
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.state import State
from grantline.errors import AuthorizationDenied, InvalidGrant
from grantline.oauth.app.settings import FlowType
from grantline.testing.clock import JumpingClock
from tests.flows.journeys import connect, get
from tests.peers.browser import Person
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]

INTERVAL = timedelta(seconds=5)


class WaitingRoom(JumpingClock):
    """Nobody waits for real; ``meanwhile`` happens during the second wait."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def sleep(self, span: timedelta) -> None:
        await super().sleep(span)
        if self.meanwhile is not None and len(self.slept) == 2:
            await self.meanwhile()


@pytest.fixture
def clock() -> WaitingRoom:
    return WaitingRoom(datetime.now(UTC))


async def begin(engine: Engine, peer: Peer) -> DeviceStart:
    # django-oauth-toolkit does not tell this endpoint in its metadata.
    endpoint = peer.endpoints["device_authorization_endpoint"]
    connection = await connect(
        engine, peer, "device", flow=FlowType.DEVICE, device_authorization_uri=endpoint
    )
    return await engine.devices.begin(LOCAL, connection.id)


async def enter_code(start: DeviceStart, *, deny: bool = False) -> None:
    shown = start.authorization

    def browse() -> None:
        Person().enter_user_code(shown.verification_uri, shown.user_code, deny=deny)

    await anyio.to_thread.run_sync(browse)


async def test_a_code_entered_while_the_device_polls_brings_tokens(
    engine: Engine, peer: Peer, clock: WaitingRoom
) -> None:
    start = await begin(engine, peer)

    async def meanwhile() -> None:
        assert (await engine.find(LOCAL, start.connection_id)).state is State.DRAFT
        await enter_code(start)

    clock.meanwhile = meanwhile
    await engine.devices.finish(LOCAL, start)
    connection = await engine.find(LOCAL, start.connection_id)
    first = await engine.token(LOCAL, connection.id)

    assert clock.slept == [INTERVAL, INTERVAL]
    assert connection.state is State.AUTHORIZED
    assert (await get(engine, connection))["sub"] == "person"
    assert await engine.token(LOCAL, connection.id, rejected=first) != first
    assert (await get(engine, connection))["sub"] == "person"


async def test_a_person_may_refuse_the_device(engine: Engine, peer: Peer) -> None:
    start = await begin(engine, peer)
    await enter_code(start, deny=True)
    with pytest.raises(AuthorizationDenied):
        await engine.devices.finish(LOCAL, start)

    assert (await engine.find(LOCAL, start.connection_id)).state is State.DRAFT


async def test_a_code_that_nobody_enters_is_polled_for_until_its_end(
    engine: Engine, oidc_provider: Peer, clock: WaitingRoom
) -> None:
    start = await begin(engine, oidc_provider)
    with pytest.raises(InvalidGrant) as ended:
        await engine.devices.finish(LOCAL, start)

    assert ended.value.error == "expired_token"
    assert "new code" in ended.value.hint
    assert len(clock.slept) == timedelta(minutes=10) / INTERVAL


async def test_a_code_that_the_server_ended_ends_the_polling(
    engine: Engine, start_oidc_provider: StartPeer
) -> None:
    """As if the code should live on by our clock, so that only the server's answer tells."""
    start = await begin(engine, start_oidc_provider(ttl={"DeviceCode": 1}))
    with pytest.raises(InvalidGrant) as ended:
        await engine.devices.finish(
            LOCAL, replace(start, expires_at=start.expires_at + timedelta(days=365))
        )

    assert ended.value.error == "expired_token"
    assert ended.value.status == 400

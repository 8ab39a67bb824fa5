"""Refresh: against servers that rotate, that forgive a lost answer, and that end on time."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

import anyio
import pytest

from grantline.calls.request import RequestSpec
from grantline.clock import SystemClock
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.open import open_engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.errors import InvalidGrant, ReauthorizationRequired, TransportFailed
from grantline.messages import HttpRequest, HttpResponse, StreamedResponse
from grantline.net.transport import (
    API_LIMITS,
    STREAM_LIMITS,
    EgressTransport,
    Limits,
    Transport,
)
from grantline.testing.clock import FakeClock
from tests.flows.journeys import connected, get, spend_refresh_token
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


@pytest.fixture
def forgiving(start_django_toolkit: StartPeer) -> Peer:
    """Tokens that end soon, and a refresh token that works again for a while after its use."""
    return start_django_toolkit(
        settings={"ACCESS_TOKEN_EXPIRE_SECONDS": 2, "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 60}
    )


async def test_tokens_that_live_for_two_seconds_never_leave_a_request_without_data(
    settings: Settings, start_oidc_provider: StartPeer
) -> None:
    """On the real clock: the server really ends each token."""
    peer = start_oidc_provider(ttl={"AccessToken": 2})
    async with open_engine(settings) as engine:
        connection = await connected(engine, peer)
        with anyio.fail_after(30):
            while (await engine.find(LOCAL, connection.id)).generation < 3:
                assert (await get(engine, connection))["sub"] == "person"


async def test_a_token_that_the_server_ended_early_is_renewed_and_the_request_repeated(
    engine: Engine, start_oidc_provider: StartPeer
) -> None:
    """Our clock stands still, so only the API's 401 tells that the token has ended."""
    peer = start_oidc_provider(ttl={"AccessToken": 2})
    connection = await connected(engine, peer)
    with anyio.fail_after(30):
        while (await engine.find(LOCAL, connection.id)).generation < 2:
            assert (await get(engine, connection))["sub"] == "person"


async def test_an_api_may_say_403_where_it_means_401_once_the_app_says_so(
    engine: Engine, forgiving: Peer
) -> None:
    """Our clock stands still, as above; this API answers a bare 403 to a token that has ended."""
    connection = await connected(engine, forgiving)
    me = RequestSpec(url="/forbidding/me")
    with anyio.fail_after(30):
        while (answer := await engine.request(LOCAL, connection.id, me)).status == 200:
            pass
    assert answer.status == 403
    assert (await engine.find(LOCAL, connection.id)).generation == 1

    edit = ConnectionEdit(settings={"expired_statuses": (403,)})
    await engine.manage.edit(LOCAL, connection.id, edit)

    assert (await engine.request(LOCAL, connection.id, me)).status == 200
    assert (await engine.find(LOCAL, connection.id)).generation == 2


async def test_a_refresh_token_lasts_over_many_rotations(
    engine: Engine, peer: Peer, clock: FakeClock
) -> None:
    connection = await connected(engine, peer)
    tokens = set()
    for _ in range(3):
        clock.advance(timedelta(hours=11))
        assert (await get(engine, connection))["sub"] == "person"
        tokens.add((await engine.token(LOCAL, connection.id)).reveal())
    found = await engine.find(LOCAL, connection.id)

    assert len(tokens) == 3
    assert (found.state, found.generation) == (State.AUTHORIZED, 4)


async def test_two_engines_with_many_callers_spend_a_refresh_token_once(
    settings: Settings, peer: Peer
) -> None:
    """oidc-provider is the judge: a second use would have ended the grant."""
    clock = MovableClock()
    async with (
        open_engine(settings, clock=clock) as one,
        open_engine(settings, clock=clock) as other,
    ):
        connection = await connected(one, peer)
        await get(other, connection)
        clock.ahead += timedelta(hours=11)
        async with anyio.create_task_group() as tasks:
            for engine in [one, other] * 10:
                tasks.start_soon(get, engine, connection)
        clock.ahead += timedelta(hours=11)

        assert (await get(other, connection))["sub"] == "person"
        assert (await one.find(LOCAL, connection.id)).generation == 3


async def test_a_refresh_token_that_somebody_else_used_is_dead_and_said_to_be(
    engine: Engine, oidc_provider: Peer, clock: FakeClock
) -> None:
    """oidc-provider takes a second use for theft and revokes the whole grant."""
    connection = await connected(engine, oidc_provider)
    await spend_refresh_token(engine, connection)
    clock.advance(timedelta(hours=2))
    with pytest.raises(InvalidGrant):
        await get(engine, connection)
    assert (await engine.find(LOCAL, connection.id)).state is State.FAILING

    # A dead grant is believed when it is seen twice, a minute or more apart.
    clock.advance(timedelta(minutes=2))
    with pytest.raises(InvalidGrant):
        await get(engine, connection)
    found = await engine.find(LOCAL, connection.id)
    with pytest.raises(ReauthorizationRequired):
        await get(engine, connection)

    assert found.state is State.REAUTHORIZATION_REQUIRED
    assert found.explanation == "The service says that the grant has expired or was revoked."


async def test_a_refresh_token_that_was_used_within_its_grace_gives_the_same_pair_again(
    engine: Engine, forgiving: Peer, clock: FakeClock
) -> None:
    connection = await connected(engine, forgiving)
    await spend_refresh_token(engine, connection)
    clock.advance(timedelta(hours=11))

    assert (await get(engine, connection))["sub"] == "person"


async def test_an_answer_that_got_lost_is_asked_for_again_within_the_grace(
    settings: Settings, forgiving: Peer, clock: FakeClock
) -> None:
    async with (
        EgressTransport(settings.policy) as guarded,
        open_engine(settings, clock=clock, transport=LosesAnswers(guarded)) as engine,
    ):
        connection = await connected(engine, forgiving)
        clock.advance(timedelta(hours=11))

        assert (await get(engine, connection))["sub"] == "person"
        assert (await engine.find(LOCAL, connection.id)).generation == 2


async def test_an_answer_that_got_lost_without_a_grace_is_named_as_the_reason(
    settings: Settings, oidc_provider: Peer, clock: FakeClock
) -> None:
    async with (
        EgressTransport(settings.policy) as guarded,
        open_engine(settings, clock=clock, transport=LosesAnswers(guarded)) as engine,
    ):
        connection = await connected(engine, oidc_provider)
        for _ in range(2):
            clock.advance(timedelta(hours=2))
            with pytest.raises(InvalidGrant):
                await get(engine, connection)
        found = await engine.find(LOCAL, connection.id)

    assert (found.state, found.cause) == (State.REAUTHORIZATION_REQUIRED, "rotation_answer_lost")
    assert "Nobody revoked anything." in found.explanation


class MovableClock(SystemClock):
    """The machine's clock and then some; whoever waits for another process really waits."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


class LosesAnswers:
    """The guarded transport over a wire that breaks once, after a refresh was carried out."""

    def __init__(self, guarded: Transport) -> None:
        self._guarded = guarded
        self._lost = False

    async def send(
        self, request: HttpRequest, *, limits: Limits = API_LIMITS, partition: str = ""
    ) -> HttpResponse:
        response = await self._guarded.send(request, limits=limits, partition=partition)
        if b"grant_type=refresh_token" in request.data and not self._lost:
            self._lost = True
            raise TransportFailed("The wire broke.", check="connection_reset", sent=True)
        return response

    def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        return self._guarded.stream(request, limits=limits, partition=partition)

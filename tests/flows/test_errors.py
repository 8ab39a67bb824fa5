"""What goes wrong with real servers, and what a person is told about it."""

from __future__ import annotations

import anyio
import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.errors import (
    AuthorizationDenied,
    AuthorizationServerError,
    CallbackRejected,
    DiscoveryFailed,
    EgressBlocked,
    InvalidClient,
    InvalidGrant,
)
from grantline.messages import HttpRequest
from grantline.oauth.app.settings import FlowType
from tests.flows.journeys import (
    BINDING,
    code_in,
    connect,
    connected,
    consent,
    deliver,
    get,
)
from tests.peers.browser import Person
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


async def test_a_person_may_refuse(engine: Engine, peer: Peer) -> None:
    connection = await connect(engine, peer)
    redirected = await consent(engine, connection, deny=True)
    with pytest.raises(AuthorizationDenied) as denied:
        await deliver(engine, redirected)

    assert denied.value.error == "access_denied"
    assert (await engine.find(LOCAL, connection.id)).state is State.DRAFT


async def test_a_redirect_uri_that_is_not_registered_brings_nobody_back(
    engine: Engine, peer: Peer
) -> None:
    """The server shows the mistake to the person: it may not redirect there."""
    connection = await connect(engine, peer)
    begun = await engine.authorize.begin(
        LOCAL, connection.id, redirect_uri="http://127.0.0.1:9402/elsewhere", binding=BINDING
    )

    with pytest.raises(AssertionError, match=r"(?s)ended in a page \(400\).*(?i:redirect.uri)"):
        Person().authorize(begun.url)


async def test_a_scope_that_the_server_does_not_know_is_refused(
    engine: Engine, django_toolkit: Peer
) -> None:
    connection = await connect(engine, django_toolkit, scopes=("read", "everything"))
    redirected = await consent(engine, connection)
    with pytest.raises(AuthorizationServerError) as refused:
        await deliver(engine, redirected)

    assert refused.value.error == "invalid_scope"


async def test_a_machine_is_refused_a_scope_that_the_server_does_not_know(
    engine: Engine, django_toolkit: Peer
) -> None:
    """oidc-provider leaves such a scope out and says nothing."""
    machine = await connect(
        engine, django_toolkit, "machine", flow=FlowType.CLIENT_CREDENTIALS, scopes=("everything",)
    )
    with pytest.raises(AuthorizationServerError) as refused:
        await engine.authorize.obtain(LOCAL, machine.id)

    assert refused.value.error == "invalid_scope"
    assert "scopes" in refused.value.hint


async def test_a_grant_that_the_client_is_not_registered_for_is_refused(
    engine: Engine, peer: Peer
) -> None:
    machine = await connect(engine, peer, "web", flow=FlowType.CLIENT_CREDENTIALS, scopes=())
    with pytest.raises(AuthorizationServerError) as refused:
        await engine.authorize.obtain(LOCAL, machine.id)

    assert refused.value.error in {"unauthorized_client", "invalid_request"}


async def test_a_client_that_nobody_registered_is_refused(
    engine: Engine, oidc_provider: Peer
) -> None:
    machine = await connect(
        engine,
        oidc_provider,
        "machine",
        flow=FlowType.CLIENT_CREDENTIALS,
        scopes=(),
        client_id="nobody",
    )
    with pytest.raises(InvalidClient) as refused:
        await engine.authorize.obtain(LOCAL, machine.id)

    assert "Client ID" in refused.value.hint


async def test_an_answer_works_once(engine: Engine, peer: Peer) -> None:
    connection = await connect(engine, peer)
    redirected = await consent(engine, connection)
    await deliver(engine, redirected)
    with pytest.raises(CallbackRejected) as refused:
        await deliver(engine, redirected)

    assert refused.value.check == "state_used"
    assert (await get(engine, connection))["sub"] == "person"


async def test_a_code_that_somebody_else_used_first_is_refused(engine: Engine, peer: Peer) -> None:
    """Two consents that end in one code, as when a code is planted."""
    first, second = [await connect(engine, peer, name=name) for name in ("mine", "theirs")]
    used = await consent(engine, first)
    await deliver(engine, used)
    fresh = await consent(engine, second)
    with pytest.raises(InvalidGrant):
        await deliver(engine, fresh.replace(code_in(fresh), code_in(used)))

    assert (await engine.find(LOCAL, second.id)).state is State.DRAFT


async def test_a_code_of_another_journey_is_refused_by_its_challenge(
    engine: Engine, peer: Peer
) -> None:
    """PKCE: the code was never used, and still is of no use in another journey."""
    first, second = [await connect(engine, peer, name=name) for name in ("mine", "theirs")]
    stolen = await consent(engine, first)
    fresh = await consent(engine, second)
    with pytest.raises(InvalidGrant):
        await deliver(engine, fresh.replace(code_in(fresh), code_in(stolen)))

    assert (await engine.find(LOCAL, second.id)).state is State.DRAFT


async def test_a_code_that_has_ended_is_refused(
    engine: Engine, start_oidc_provider: StartPeer
) -> None:
    peer = start_oidc_provider(ttl={"AuthorizationCode": 1, "ClientCredentials": 1})
    connection = await connect(engine, peer)
    redirected = await consent(engine, connection)
    await token_has_ended(engine, peer)
    with pytest.raises(InvalidGrant) as refused:
        await deliver(engine, redirected)

    assert "Start the authorization again." in refused.value.hint


async def test_an_issuer_that_calls_itself_otherwise_is_not_believed(
    engine: Engine, oidc_provider: Peer
) -> None:
    with pytest.raises(DiscoveryFailed) as refused:
        await engine.discover(f"{oidc_provider.issuer}/")

    assert refused.value.check == "issuer_mismatch"
    assert "with or without a slash" in refused.value.hint


async def test_nothing_on_this_machine_is_reached_unless_a_setting_allows_it(
    settings: Settings, oidc_provider: Peer
) -> None:
    closed = Settings(data_dir=settings.data_dir)
    async with open_engine(closed) as engine:
        with pytest.raises(EgressBlocked) as refused:
            await engine.discover(oidc_provider.issuer)

    assert (refused.value.rule, refused.value.address) == ("ip_loopback", "127.0.0.1")
    assert refused.value.setting == "GRANTLINE_ALLOW_HOSTS"


async def test_a_token_goes_to_no_other_host(engine: Engine, oidc_provider: Peer) -> None:
    connection = await connected(engine, oidc_provider)
    with pytest.raises(EgressBlocked) as refused:
        await engine.request(LOCAL, connection.name, RequestSpec(url="http://localhost/me"))

    assert refused.value.rule == "host_not_allowed"


async def test_a_scope_that_was_not_granted_is_no_sign_of_expiry(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connected(engine, oidc_provider, scopes=("openid", "offline_access"))
    answer = await engine.request(LOCAL, connection.name, RequestSpec(url="/orders"))

    assert answer.status == 403
    assert (await engine.find(LOCAL, connection.id)).generation == 1


async def token_has_ended(engine: Engine, peer: Peer) -> None:
    """Returns when a machine's token has ended: what was issued before it, for as long, has too."""
    machine = await connect(
        engine, peer, "machine", name="timer", flow=FlowType.CLIENT_CREDENTIALS, scopes=()
    )
    await engine.authorize.obtain(LOCAL, machine.id)
    token = (await engine.token(LOCAL, machine.id)).reveal()
    call = HttpRequest("GET", f"{peer.api_url}/me", (("Authorization", f"Bearer {token}"),))
    with anyio.fail_after(30):
        while (await engine.context.transport.send(call)).status == 200:
            pass

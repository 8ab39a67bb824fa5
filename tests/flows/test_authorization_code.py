"""Authorization code with PKCE: a person logs in and consents on the pages of each peer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.to_thread
import pytest

from grantline.connections.consent.callback_path import callback_digest, callback_path
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.state import State
from grantline.errors import AuthorizationServerError, CallbackRejected
from grantline.net.loopback import LoopbackListener
from grantline.oauth.app.settings import Pkce
from tests.flows.journeys import BINDING, connect, connected, consent, deliver, get
from tests.peers.browser import Person
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


@pytest.mark.parametrize("client_id", ["native", "web"])
async def test_a_consent_becomes_requests_that_bring_data(
    engine: Engine, peer: Peer, client_id: str
) -> None:
    connection = await connected(engine, peer, client_id)

    assert connection.state is State.AUTHORIZED
    assert connection.has_refresh_token
    assert (await get(engine, connection))["sub"] == "person"
    assert len((await get(engine, connection, "/orders?page=2"))["orders"]) == 2


async def test_the_secret_may_travel_in_the_body(engine: Engine, oidc_provider: Peer) -> None:
    connection = await connected(engine, oidc_provider, "web-post")

    assert (await get(engine, connection))["client_id"] == "web-post"


@pytest.mark.parametrize("pkce", [Pkce.PLAIN, Pkce.OFF])
async def test_a_weaker_proof_than_the_server_wants_is_refused_by_it(
    engine: Engine, oidc_provider: Peer, pkce: Pkce
) -> None:
    connection = await connect(engine, oidc_provider, pkce=pkce)
    redirected = await consent(engine, connection)
    with pytest.raises(AuthorizationServerError) as refused:
        await deliver(engine, redirected)

    assert refused.value.error == "invalid_request"


async def test_a_weaker_proof_serves_where_it_was_chosen(
    engine: Engine, django_toolkit: Peer, start_oidc_provider: StartPeer
) -> None:
    plain = await connected(engine, django_toolkit, name="plain", pkce=Pkce.PLAIN)
    peer = start_oidc_provider(pkce_required=False)
    without = await connected(engine, peer, "web", name="without", pkce=Pkce.OFF)

    assert (await get(engine, plain))["sub"] == "person"
    assert (await get(engine, without))["sub"] == "person"


async def test_an_issuer_tells_everything_but_the_client(
    engine: Engine, oidc_provider: Peer
) -> None:
    app = (await connect(engine, oidc_provider)).app.settings
    told = {
        "authorization_endpoint": app.authorize_uri,
        "token_endpoint": app.token_uri,
        "device_authorization_endpoint": app.device_authorization_uri,
        "introspection_endpoint": app.introspection_uri,
        "revocation_endpoint": app.revocation_uri,
        "pushed_authorization_request_endpoint": app.pushed_authorization_uri,
    }

    assert told == {name: oidc_provider.endpoints[name] for name in told}
    assert app.issuer == oidc_provider.issuer
    assert app.expect_iss


async def test_the_account_is_named_by_an_id_token_that_holds(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connected(engine, oidc_provider)

    assert connection.account_label == "person"


async def test_the_browser_brings_the_code_to_a_listener_on_this_machine(
    engine: Engine, peer: Peer
) -> None:
    connection = await connect(engine, peer)
    async with LoopbackListener("/callback") as listener:
        begun = await engine.authorize.begin(
            LOCAL, connection.id, redirect_uri=listener.redirect_uri, binding=BINDING
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(
                anyio.to_thread.run_sync, lambda: Person().authorize(begun.url, deliver=True)
            )
            answer = await listener.wait(timedelta(seconds=30), begun.is_answered_by)
            await engine.authorize.complete(LOCAL, answer, binding=BINDING)

    assert (await get(engine, connection))["sub"] == "person"


async def test_each_server_has_a_redirect_uri_of_its_own(engine: Engine, peer: Peer) -> None:
    found = await connect(engine, peer, name="for the path alone")
    path = callback_path(found.app.settings)
    redirect_uri = f"http://127.0.0.1:9402{path}"
    client = await anyio.to_thread.run_sync(
        lambda: peer.register(redirect_uris=[redirect_uri], client_name="Grantline")
    )
    connection = await connect(engine, peer, client)
    redirected = await consent(engine, connection, redirect_uri=redirect_uri)
    digest = callback_digest(connection.app.settings)
    await engine.authorize.complete(
        LOCAL, urlsplit(redirected).query, binding=BINDING, context_digest=digest
    )

    assert path.endswith(digest)
    assert (await get(engine, connection))["sub"] == "person"


async def test_the_issuer_comes_back_with_the_code(engine: Engine, oidc_provider: Peer) -> None:
    redirected = await consent(engine, await connect(engine, oidc_provider))

    assert parse_qs(urlsplit(redirected).query)["iss"] == [oidc_provider.issuer]


@pytest.mark.parametrize(
    ("tampered", "check"),
    [
        (lambda url, iss: url.replace(iss, "https%3A%2F%2Fhonest.example"), "iss_mismatch"),
        (lambda url, iss: url.replace(f"&iss={iss}", ""), "iss_missing"),
    ],
    ids=["another issuer", "no issuer"],
)
async def test_an_answer_of_another_issuer_is_refused(
    engine: Engine, oidc_provider: Peer, tampered: Callable[[str, str], str], check: str
) -> None:
    connection = await connect(engine, oidc_provider)
    redirected = await consent(engine, connection)
    iss = urlsplit(redirected).query.rpartition("iss=")[2]
    with pytest.raises(CallbackRejected) as refused:
        await deliver(engine, tampered(redirected, iss))

    assert refused.value.check == check
    assert (await engine.find(LOCAL, connection.id)).state is State.DRAFT


async def test_two_accounts_share_one_app(engine: Engine, oidc_provider: Peer) -> None:
    mine = await connected(engine, oidc_provider, "web")
    copy = await engine.manage.duplicate(LOCAL, mine.name, "theirs")
    assert copy.state is State.DRAFT
    assert copy.app.id == mine.app.id

    theirs = await deliver(engine, await consent(engine, copy, person=Person("colleague")))

    assert (await get(engine, mine))["sub"] == "person"
    assert (await get(engine, theirs))["sub"] == "colleague"
    assert [mine.account_label, theirs.account_label] == ["person", "colleague"]
    await engine.delete(LOCAL, theirs.name)
    assert (await get(engine, mine))["sub"] == "person"

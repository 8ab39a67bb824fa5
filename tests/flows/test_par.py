"""Pushed authorization requests (RFC 9126), where they are allowed and where nothing else is."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from grantline.connections.engine import LOCAL, Engine
from grantline.errors import AuthorizationServerError, InvalidClient
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.settings import ClientSecrets
from grantline.secret import Secret
from tests.flows.journeys import BINDING, CALLBACK, connect, connected, consent, deliver, get
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


@pytest.mark.parametrize("client_id", ["native", "web", "secret-jwt", "jwt"])
async def test_a_request_may_be_pushed(engine: Engine, oidc_provider: Peer, client_id: str) -> None:
    signed = AssertionSettings(algorithm="ES256", key_id="jwt-1")
    connection = await connected(engine, oidc_provider, client_id, use_par=True, assertion=signed)

    assert (await get(engine, connection))["sub"] == "person"


async def test_a_server_that_requires_it_says_so_in_its_metadata(
    engine: Engine, start_oidc_provider: StartPeer
) -> None:
    peer = start_oidc_provider(par="required")
    connection = await connected(engine, peer)

    assert connection.app.settings.use_par
    assert (await get(engine, connection))["sub"] == "person"


async def test_nothing_but_a_reference_goes_through_the_browser(
    engine: Engine, oidc_provider: Peer
) -> None:
    connection = await connect(engine, oidc_provider, use_par=True)
    begun = await engine.authorize.begin(
        LOCAL, connection.id, redirect_uri=CALLBACK, binding=BINDING
    )

    assert set(parse_qs(urlsplit(begun.url).query)) == {"client_id", "request_uri"}


async def test_a_server_that_requires_it_refuses_a_plain_request(
    engine: Engine, start_oidc_provider: StartPeer
) -> None:
    connection = await connect(engine, start_oidc_provider(par="required"), use_par=False)
    redirected = await consent(engine, connection)
    with pytest.raises(AuthorizationServerError) as refused:
        await deliver(engine, redirected)

    assert refused.value.error == "invalid_request"


@pytest.mark.parametrize(
    ("redirect_uri", "secret", "expected"),
    [
        (CALLBACK, "wrong-secret-for-tests-only-0123456789", InvalidClient),
        ("http://127.0.0.1:9402/elsewhere", "", AuthorizationServerError),
    ],
    ids=["wrong secret", "wrong redirect URI"],
)
async def test_a_mistake_is_found_before_anybody_is_sent_anywhere(
    engine: Engine,
    oidc_provider: Peer,
    redirect_uri: str,
    secret: str,
    expected: type[AuthorizationServerError],
) -> None:
    secrets = ClientSecrets(client_secret=Secret(secret)) if secret else None
    connection = await connect(engine, oidc_provider, "web", secrets=secrets, use_par=True)
    with pytest.raises(expected):
        await engine.authorize.begin(
            LOCAL, connection.id, redirect_uri=redirect_uri, binding=BINDING
        )

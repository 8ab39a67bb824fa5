"""Dynamic registration (RFC 7591): an app that signs itself up, over the guarded transport."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grantline.connections.callback_path import callback_path
from grantline.connections.connection import Connection
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.errors import AuthorizationServerError
from grantline.net.transport import OAUTH_LIMITS
from grantline.oauth.metadata import apply_metadata
from grantline.oauth.registration import (
    ClientMetadata,
    Registration,
    parse_registration_response,
    registration_request,
)
from grantline.oauth.request_choices import ClientAuthentication
from grantline.oauth.settings import AppSettings, ClientSecrets
from grantline.secret import Secret
from tests.flows.journeys import consent, deliver, get
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


async def register(
    engine: Engine, endpoint: str, client: ClientMetadata, token: Secret | None = None
) -> Registration:
    request = registration_request(endpoint=endpoint, client=client, initial_access_token=token)
    answer = await engine.context.transport.send(request, limits=OAUTH_LIMITS)
    return parse_registration_response(answer, client=client, now=datetime.now(UTC))


async def signed_up(
    engine: Engine, peer: Peer, authentication: ClientAuthentication
) -> tuple[Connection, str]:
    """A connection whose app registered itself, and its redirect URI."""
    metadata = await engine.discover(peer.issuer)
    settings = apply_metadata(AppSettings(client_id=""), metadata, secrets=ClientSecrets())
    redirect_uri = f"http://127.0.0.1:9402{callback_path(settings)}"
    client = ClientMetadata(
        client_name="Grantline",
        redirect_uris=(redirect_uri,),
        authentication=authentication,
        scopes=tuple(peer.scope.split()),
    )
    registered = await register(engine, metadata.registration_endpoint, client)
    secrets = ClientSecrets(client_secret=registered.client_secret)
    app = AppSettings(
        client_id=registered.client_id,
        base_url=peer.api_url,
        authorize_parameters=tuple(peer.authorize_parameters.items()),
    )
    connection = await engine.manage.create(
        LOCAL,
        NewConnection(
            name="signed up",
            settings=apply_metadata(app, metadata, secrets=secrets),
            secrets=secrets,
            scopes=client.scopes,
        ),
    )
    assert connection.app.settings.client_authentication is registered.authentication
    return connection, redirect_uri


@pytest.mark.parametrize(
    "authentication", [ClientAuthentication.CLIENT_SECRET_BASIC, ClientAuthentication.NONE]
)
async def test_an_app_signs_itself_up_and_is_used(
    engine: Engine, peer: Peer, authentication: ClientAuthentication
) -> None:
    connection, redirect_uri = await signed_up(engine, peer, authentication)
    redirected = await consent(engine, connection, redirect_uri=redirect_uri)
    connection = await deliver(engine, redirected)

    assert (await get(engine, connection))["sub"] == "person"


async def test_a_registration_that_needs_a_token_says_so(
    engine: Engine, start_oidc_provider: StartPeer
) -> None:
    peer = start_oidc_provider(registration="initial-access-token-for-tests-only")
    endpoint = peer.endpoints["registration_endpoint"]
    client = ClientMetadata(client_name="Grantline", redirect_uris=("https://here.example/cb",))
    with pytest.raises(AuthorizationServerError) as refused:
        await register(engine, endpoint, client)
    registered = await register(
        engine, endpoint, client, Secret("initial-access-token-for-tests-only")
    )

    assert refused.value.error == "invalid_token"
    assert registered.client_secret
    assert registered.management_uri.startswith(peer.issuer)
    assert registered.management_token


async def test_metadata_that_the_server_does_not_take_are_refused(
    engine: Engine, oidc_provider: Peer
) -> None:
    client = ClientMetadata(client_name="Grantline", redirect_uris=("not a URI",))
    with pytest.raises(AuthorizationServerError) as refused:
        await register(engine, oidc_provider.endpoints["registration_endpoint"], client)

    assert refused.value.error == "invalid_redirect_uri"

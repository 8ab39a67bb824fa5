"""Dynamic registration (RFC 7591): an app that signs itself up, over the guarded transport."""

from __future__ import annotations

from typing import Any

import pytest

from grantline.connections.connection import Connection
from grantline.connections.consent.callback_path import callback_path
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.errors import AuthorizationServerError
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.discovery.metadata import apply_metadata
from grantline.secret import Secret
from tests.flows.journeys import consent, deliver, get
from tests.peers.fixtures import StartPeer
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]

HERE = "http://127.0.0.1"
INITIAL = "initial-access-token-for-tests-only"


async def signed_up(
    engine: Engine, peer: Peer, token: Secret | None = None, **changes: Any
) -> Connection:
    """A connection whose app registered itself."""
    app = AppSettings(
        client_id="",
        base_url=peer.api_url,
        authorize_parameters=tuple(peer.authorize_parameters.items()),
    )
    metadata = await engine.discover(peer.issuer)
    new: dict[str, Any] = {
        "name": "signed up",
        "settings": apply_metadata(app, metadata, secrets=ClientSecrets()),
        "scopes": tuple(peer.scope.split()),
        **changes,
    }
    return await engine.registrar.create(
        LOCAL, NewConnection(**new), public_url=HERE, initial_access_token=token
    )


async def test_an_app_signs_itself_up_and_is_used(engine: Engine, oidc_provider: Peer) -> None:
    connection = await signed_up(engine, oidc_provider)
    # As a native client it may come back to any port (RFC 8252 section 7.3).
    redirect_uri = f"{HERE}:9402{callback_path(connection.app.settings)}"
    redirected = await consent(engine, connection, redirect_uri=redirect_uri)
    authorized = await deliver(engine, redirected)

    assert authorized.app.has_secret
    basic = ClientAuthentication.CLIENT_SECRET_BASIC
    assert authorized.app.settings.client_authentication is basic
    assert authorized.has_refresh_token
    assert (await get(engine, authorized))["sub"] == "person"


async def test_a_registration_that_needs_a_token_says_so(
    engine: Engine, start_oidc_provider: StartPeer
) -> None:
    peer = start_oidc_provider(registration=INITIAL)
    with pytest.raises(AuthorizationServerError) as refused:
        await signed_up(engine, peer)
    registered = await signed_up(engine, peer, Secret(INITIAL))
    kept = await engine.manage.client_secrets(LOCAL, registered.app.id)
    await engine.delete(LOCAL, registered.name)
    deleted = await engine.registrar.delete_app(LOCAL, registered.app.id)

    assert refused.value.error == "invalid_token"
    assert kept.registration_uri.startswith(peer.issuer)
    assert kept.registration_token
    assert deleted.note == "Its registration at the service was deleted too."


async def test_what_the_server_does_not_register_is_refused_in_its_words(
    engine: Engine, oidc_provider: Peer
) -> None:
    with pytest.raises(AuthorizationServerError) as refused:
        await signed_up(engine, oidc_provider, scopes=("orders.unheard-of",))

    assert refused.value.error == "invalid_client_metadata"
    assert await engine.manage.connections(LOCAL) == []

"""Every way in which a client proves itself, by every grant that makes it."""

from __future__ import annotations

from typing import Any

import pytest

from grantline.connections.engine import LOCAL, Engine
from grantline.errors import InvalidClient
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import ClientSecrets, FlowType
from grantline.secret import Secret
from tests.flows.journeys import connect, connected, consent, deliver, get
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]

SIGNED = {"assertion": AssertionSettings(algorithm="ES256", key_id="jwt-1")}


@pytest.mark.parametrize(
    ("client_id", "added"),
    [
        ("native", {}),
        ("web", {}),
        ("web", {"client_authentication": ClientAuthentication.CLIENT_SECRET_BASIC_RAW}),
        ("web-post", {}),
        ("secret-jwt", {}),
        ("jwt", SIGNED),
    ],
    ids=["none", "basic", "raw basic", "post", "client_secret_jwt", "private_key_jwt"],
)
async def test_a_client_proves_itself_for_a_code_a_refresh_and_a_revocation(
    engine: Engine, oidc_provider: Peer, client_id: str, added: dict[str, Any]
) -> None:
    connection = await connected(engine, oidc_provider, client_id, **added)
    first = await engine.token(LOCAL, connection.id)
    second = await engine.token(LOCAL, connection.id, rejected=first)

    assert second != first
    assert (await get(engine, connection))["client_id"] == client_id
    assert (await engine.verify(LOCAL, connection.id)).works
    assert (await engine.delete(LOCAL, connection.id)).revocation.revoked


@pytest.mark.parametrize(
    ("client_id", "added"), [("secret-jwt", {}), ("jwt", SIGNED)], ids=["secret", "key"]
)
async def test_a_machine_signs_for_a_token(
    engine: Engine, oidc_provider: Peer, client_id: str, added: dict[str, Any]
) -> None:
    machine = await connect(
        engine,
        oidc_provider,
        client_id,
        flow=FlowType.CLIENT_CREDENTIALS,
        scopes=("orders",),
        **added,
    )
    await engine.authorize.obtain(LOCAL, machine.id)

    assert (await get(engine, machine))["sub"] == client_id


@pytest.mark.parametrize("client_id", ["web", "web-post", "secret-jwt"])
async def test_a_wrong_secret_is_said_to_be_wrong(
    engine: Engine, oidc_provider: Peer, client_id: str
) -> None:
    wrong = ClientSecrets(client_secret=Secret("not-the-secret-but-as-long-as-it-0123456789"))
    connection = await connect(engine, oidc_provider, client_id, secrets=wrong)
    redirected = await consent(engine, connection)
    with pytest.raises(InvalidClient) as refused:
        await deliver(engine, redirected)

    assert refused.value.error == "invalid_client"
    assert "Client secret" in refused.value.hint


@pytest.mark.parametrize(
    "method", [ClientAuthentication.NONE, ClientAuthentication.CLIENT_SECRET_JWT]
)
async def test_a_method_that_the_client_is_not_registered_for_is_refused(
    engine: Engine, oidc_provider: Peer, method: ClientAuthentication
) -> None:
    connection = await connect(engine, oidc_provider, "web", client_authentication=method)
    redirected = await consent(engine, connection)
    with pytest.raises(InvalidClient):
        await deliver(engine, redirected)

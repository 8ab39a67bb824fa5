"""What a person does with Grantline and a peer, step by step, in the words of the engine."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import anyio.to_thread

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Connection
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.discovery.metadata import apply_metadata
from grantline.oauth.flow import adrive
from grantline.oauth.grants.refresh import refresh_flow
from grantline.secret import Secret
from tests.peers.browser import Person
from tests.peers.peer import Peer, PeerClient

# Registered for the client ``web`` of both peers; nobody listens there.
CALLBACK: Final = "http://127.0.0.1:9402/callback"
BINDING: Final = "the session of the person"


def secrets_of(client: PeerClient) -> ClientSecrets:
    key = client.private_jwk
    return ClientSecrets(
        client_secret=Secret(client.client_secret) if client.client_secret else None,
        private_key=Secret(json.dumps(dict(key))) if key else None,
    )


async def app_settings(
    engine: Engine, peer: Peer, client: PeerClient, **changes: Any
) -> AppSettings:
    """The settings of an app for ``client``: what the issuer tells, and what a person adds."""
    known = AppSettings(
        client_id=client.client_id,
        base_url=peer.api_url,
        authorize_parameters=tuple(peer.authorize_parameters.items()),
    )
    told = apply_metadata(known, await engine.discover(peer.issuer), secrets=secrets_of(client))
    method = ClientAuthentication(client.token_endpoint_auth_method)
    return replace(told, **{"client_authentication": method, **changes})


async def connect(
    engine: Engine,
    peer: Peer,
    client: str | PeerClient = "native",
    *,
    name: str = "orders",
    flow: FlowType = FlowType.AUTHORIZATION_CODE,
    scopes: tuple[str, ...] | None = None,
    secrets: ClientSecrets | None = None,
    username: str = "",
    password: str = "",
    **changes: Any,
) -> Connection:
    """A connection, not yet authorized; ``changes`` are fields of its app's settings."""
    registered = peer.clients[client] if isinstance(client, str) else client
    return await engine.manage.create(
        LOCAL,
        NewConnection(
            name=name,
            flow=flow,
            settings=await app_settings(engine, peer, registered, **changes),
            secrets=secrets or secrets_of(registered),
            scopes=tuple(peer.scope.split()) if scopes is None else scopes,
            username=username,
            password=Secret(password) if password else None,
        ),
    )


async def consent(
    engine: Engine,
    connection: Connection,
    *,
    redirect_uri: str = CALLBACK,
    person: Person | None = None,
    deny: bool = False,
    any_account: bool = False,
) -> str:
    """Where the peer sent the person after its own login and consent pages; not yet delivered."""
    begun = await engine.authorize.begin(
        LOCAL,
        connection.id,
        redirect_uri=redirect_uri,
        binding=BINDING,
        any_account=any_account,
    )

    def browse() -> str:
        return (person or Person()).authorize(begun.url, deny=deny)

    redirected = await anyio.to_thread.run_sync(browse)
    assert redirected.startswith(redirect_uri)
    return redirected


async def deliver(engine: Engine, redirected: str) -> Connection:
    """The connection after the browser brought the answer back."""
    parts = urlsplit(redirected)
    connection_id = await engine.authorize.complete(
        LOCAL, parts.query or parts.fragment, binding=BINDING
    )
    return await engine.find(LOCAL, connection_id)


async def authorize(
    engine: Engine,
    connection: Connection,
    *,
    person: Person | None = None,
    any_account: bool = False,
) -> Connection:
    """The connection after a whole consent."""
    redirected = await consent(engine, connection, person=person, any_account=any_account)
    return await deliver(engine, redirected)


async def connected(
    engine: Engine, peer: Peer, client: str | PeerClient = "native", **given: Any
) -> Connection:
    """A connection that somebody has authorized; arguments as ``connect``."""
    return await authorize(engine, await connect(engine, peer, client, **given))


async def get(engine: Engine, connection: Connection, path: str = "/me") -> Any:
    """What the peer's API answers, which must be data."""
    response = await engine.request(LOCAL, connection.id, RequestSpec(url=path))
    assert response.status == 200, response.text
    return response.json()


async def spend_refresh_token(engine: Engine, connection: Connection) -> None:
    """Uses the connection's refresh token as somebody would who has a copy of it."""
    context = engine.context
    holding = await context.hold(LOCAL, connection.id)
    answer = await adrive(
        refresh_flow(
            settings=holding.settings,
            secrets=holding.secrets,
            tokens=holding.granted,
            moment=context.moment(),
        ),
        lambda request: context.send(request, app_id=holding.app.id),
    )
    assert answer.status == 200


def code_in(redirected: str) -> str:
    """The authorization code that a redirect carries."""
    return dict(parse_qsl(urlsplit(redirected).query))["code"]

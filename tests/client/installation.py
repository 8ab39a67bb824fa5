"""An installation in a temporary folder, next to a fake authorization server on the same clock."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TypedDict

import pytest

from grantline.client.async_connections import AsyncConnections
from grantline.client.connection import Connection
from grantline.client.connections import Connections
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.net.guard import EgressPolicy
from grantline.testing.authorization_server import (
    FakeAuthorizationServer,
    Leniency,
    ServerOptions,
)
from grantline.testing.clock import FakeClock


class AppOfServer(TypedDict):
    """What a person copies from the console of a service."""

    client_id: str
    client_secret: str
    authorize_uri: str
    token_uri: str
    revocation_uri: str
    device_authorization_uri: str
    base_url: str


def app_of(server: FakeAuthorizationServer) -> AppOfServer:
    return {
        "client_id": server.client.client_id,
        "client_secret": server.client.client_secret,
        "authorize_uri": server.authorize_uri,
        "token_uri": server.token_uri,
        "revocation_uri": server.revocation_uri,
        "device_authorization_uri": server.device_authorization_uri,
        "base_url": server.api_url,
    }


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server_options() -> ServerOptions:
    return ServerOptions(lenient=frozenset({Leniency.ACCESS_TOKEN_IN_QUERY}))


@pytest.fixture
def server(server_options: ServerOptions, clock: FakeClock) -> Iterator[FakeAuthorizationServer]:
    """A service; the test fails if it saw a client that broke a rule."""
    with FakeAuthorizationServer.in_thread(server_options, clock=clock) as server:
        yield server
    server.journal.assert_clean()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, policy=EgressPolicy.parse(allow_hosts=["127.0.0.1"]))


@pytest.fixture
def connections(settings: Settings, clock: FakeClock) -> Iterator[Connections]:
    with Connections(
        AsyncConnections(open_engine(settings, clock=clock), settings=settings)
    ) as connections:
        yield connections


@pytest.fixture
async def async_connections(
    settings: Settings, clock: FakeClock
) -> AsyncIterator[AsyncConnections]:
    async with AsyncConnections(
        open_engine(settings, clock=clock), settings=settings
    ) as connections:
        yield connections


@pytest.fixture
def demo(connections: Connections, server: FakeAuthorizationServer) -> Connection:
    """A connection that is authorized and has made no request."""
    connections.create("demo", **app_of(server), scopes=["read"])
    with connections.authorize("demo") as pending:
        return pending.complete(server.approve(pending.url))

"""Requests with a credential in place of a connection, with and without ``await``."""

from __future__ import annotations

import asyncio

import pytest

from grantline.client.async_connections import AsyncConnections
from grantline.client.connections import Connections
from grantline.connections.credentials.credential import Kind
from grantline.connections.engine import LOCAL
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.errors import EgressBlocked, InvalidInput, NotFound
from grantline.testing.authorization_server import FakeAuthorizationServer
from tests.connections.credential_values import CANARY, new_credential


@pytest.fixture
def kept(settings: Settings) -> None:
    """A credential of each kind, called as its kind."""

    async def keep() -> None:
        async with open_engine(settings) as engine:
            for kind in Kind:
                await engine.credentials.create(LOCAL, new_credential(kind))

    asyncio.run(keep())


@pytest.mark.usefixtures("kept")
def test_a_credential_makes_requests(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    key = connections.credential("key", authority="authority")
    answer = key.post(server.api_url + "/echo", json={"a": 1})
    assert answer.status == 401
    (entry,) = server.journal.at("api")
    assert (entry.incoming.method, entry.incoming.header("X-Api-Key")) == ("POST", CANARY)
    with pytest.raises(EgressBlocked):
        key.get("https://api.example/")
    assert connections.credential().get(server.api_url + "/me").status == 401
    with pytest.raises(NotFound):
        connections.credential("nobody")
    with pytest.raises(InvalidInput):
        connections.credential("proxy")


@pytest.mark.usefixtures("kept")
async def test_the_same_with_await(
    async_connections: AsyncConnections, server: FakeAuthorizationServer
) -> None:
    basic = await async_connections.credential("basic")
    await basic.get(server.api_url + "/me")
    (entry,) = server.journal.at("api")
    assert (entry.incoming.header("Authorization") or "").startswith("Basic ")
    with pytest.raises(NotFound):
        await async_connections.get("demo", proxy="nobody")

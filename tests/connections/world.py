"""One engine, one authorization server and one clock that stands still: what most tests need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from grantline.calls.answers.response import Response
from grantline.calls.request import RequestSpec
from grantline.clock import Clock
from grantline.connections.connection import Connection
from grantline.connections.consent.authorize import Begun
from grantline.connections.consent.callback_path import callback_digest, callback_path
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.store.records.connections import Health, TokenColumns
from grantline.testing.authorization_server import (
    Client,
    Entry,
    FakeAuthorizationServer,
    ServerOptions,
)
from grantline.testing.clock import FakeClock

BINDING = "binding-of-this-session"
SCOPES = ("profile", "orders")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of an installation in ``folder`` that may reach loopback."""
    return {
        "GRANTLINE_DATA_DIR": str(folder),
        "GRANTLINE_ALLOW_HOSTS": "127.0.0.1",
        **more,
    }


def app_settings(server: FakeAuthorizationServer, **changes: Any) -> AppSettings:
    """What a person would type into the form for ``server``."""
    plain: dict[str, Any] = {
        "client_id": server.client.client_id,
        "issuer": server.issuer,
        "authorize_uri": server.authorize_uri,
        "token_uri": server.token_uri,
        "revocation_uri": server.revocation_uri,
        "base_url": server.api_url,
        "expect_iss": True,
    }
    return AppSettings(**{**plain, **changes})


@dataclass(frozen=True)
class World:
    engine: Engine
    server: FakeAuthorizationServer
    clock: FakeClock
    folder: Path

    @property
    def settings(self) -> Settings:
        """Those that the engine was opened with."""
        return Settings.from_environment(environment(self.folder))

    async def draft(
        self,
        name: str = "demo",
        *,
        flow: FlowType = FlowType.AUTHORIZATION_CODE,
        scopes: tuple[str, ...] = SCOPES,
        secrets: ClientSecrets | None = None,
        server: FakeAuthorizationServer | None = None,
        new: dict[str, Any] | None = None,
        **settings: Any,
    ) -> Connection:
        """A connection that nobody has authorized; ``settings`` change those of the app."""
        server = server or self.server
        plain = ClientSecrets(client_secret=Secret(server.client.client_secret))
        return await self.engine.manage.create(
            LOCAL,
            NewConnection(
                name=name,
                flow=flow,
                settings=app_settings(server, **settings),
                secrets=plain if secrets is None else secrets,
                scopes=scopes,
                **(new or {}),
            ),
        )

    async def begin(self, connection: Connection, **changes: Any) -> Begun:
        """A consent begun the way the command line does it."""
        given: dict[str, Any] = {
            "redirect_uri": "http://127.0.0.1:9999" + callback_path(connection.app.settings),
            "binding": BINDING,
        }
        return await self.engine.authorize.begin(LOCAL, connection.id, **{**given, **changes})

    async def complete(self, connection: Connection, callback: str, **changes: Any) -> str:
        """The callback handed in; ``callback`` is the whole URL."""
        parts = urlsplit(callback)
        given: dict[str, Any] = {
            "binding": BINDING,
            "context_digest": callback_digest(connection.app.settings),
        }
        answer = parts.query or parts.fragment
        return await self.engine.authorize.complete(LOCAL, answer, **{**given, **changes})

    async def authorize(self, connection: Connection, **changes: Any) -> Connection:
        """The connection after a person said yes."""
        begun = await self.begin(connection, **changes)
        await self.complete(connection, self.server.approve(begun.url))
        return await self.engine.find(LOCAL, connection.id)

    async def authorized(self, name: str = "demo", **settings: Any) -> Connection:
        """A connection that works."""
        return await self.authorize(await self.draft(name, **settings))

    async def get(self, connection: Connection, url: str = "/me", **spec: Any) -> Response:
        """The service's answer to a request with the connection's token."""
        return await self.engine.request(LOCAL, connection.id, RequestSpec(url=url, **spec))

    async def token(self, connection: Connection, **asked: Any) -> str:
        """A working access token, in the clear."""
        return (await self.engine.token(LOCAL, connection.id, **asked)).reveal()

    async def find(self, connection: Connection) -> Connection:
        """The connection as it is now."""
        return await self.engine.find(LOCAL, connection.id)

    async def refresh_token(self, connection: Connection) -> str:
        """The refresh token kept now, in the clear."""
        holding = await self.engine.context.hold(LOCAL, connection.id)
        kept = holding.granted.refresh_token
        assert kept is not None
        return kept.reveal()

    def refreshes(self) -> list[Entry]:
        """The refresh requests that arrived, in order."""
        return [
            entry
            for entry in self.server.journal.at("token")
            if entry.incoming.parameters.get("grant_type") == "refresh_token"
        ]

    def health(self, connection: Connection) -> Health:
        """The row's health."""
        return self.engine.context.store.load_connection("local", connection.id).health

    def columns(self, connection: Connection) -> TokenColumns | None:
        """The row's tokens."""
        return self.engine.context.store.load_connection("local", connection.id).tokens


@asynccontextmanager
async def a_world(
    folder: Path,
    options: ServerOptions | None = None,
    *,
    clock: FakeClock | None = None,
    clients: Iterable[Client] = (Client(),),
    **more: Any,
) -> AsyncIterator[World]:
    """A world, whose server's journal must be clean in the end."""
    clock = clock or FakeClock()
    async with (
        FakeAuthorizationServer(options, clients=clients, clock=clock) as server,
        an_engine(folder, clock, **more) as engine,
    ):
        yield World(engine, server, clock, folder)
        server.journal.assert_clean()


@asynccontextmanager
async def an_engine(
    folder: Path, clock: Clock | None = None, *, url: str | None = None, **more: Any
) -> AsyncIterator[Engine]:
    """An engine on the installation in ``folder``; its database may be at ``url``."""
    settings = Settings.from_environment(environment(folder), url=url)
    async with open_engine(settings, clock=clock, **more) as engine:
        yield engine

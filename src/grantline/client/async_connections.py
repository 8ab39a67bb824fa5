"""All connections of an installation, for code that awaits."""

from __future__ import annotations

import asyncio
import builtins
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self, Unpack

from grantline.client.async_connection import AsyncConnection
from grantline.client.async_pending import AsyncPending, begun_authorization
from grantline.client.async_requester import AsyncRequester
from grantline.client.connection_fields import (
    ConnectionFields,
    app_settings,
    client_secrets,
    flow_type,
    merged_settings,
    scope_list,
    secret,
)
from grantline.connections.credentials.credential import NO_CREDENTIALS, CredentialIds
from grantline.connections.doctor.verify import Verification
from grantline.connections.engine import LOCAL, Deleted, Engine
from grantline.connections.manage import Edited, NewConnection
from grantline.connections.open import open_engine
from grantline.connections.planning import ConnectionEdit
from grantline.connections.settings import Settings
from grantline.errors import ConfigurationError, ConnectionNotFound
from grantline.oauth.app.settings import FlowType
from grantline.providers.catalogue import profile

if TYPE_CHECKING:
    from grantline.client.async_scenarios import AsyncScenarios
    from grantline.scenarios.service import Scenarios as ScenarioService


class AsyncConnections:
    """The connections that are kept in one database. An async context manager.

    Use ``AsyncConnections.open()``; the constructor takes any engine that is yet to be opened, and
    for scenarios the settings that it is opened with.
    """

    def __init__(
        self, opening: AbstractAsyncContextManager[Engine], *, settings: Settings | None = None
    ) -> None:
        self._opening = opening
        self._settings = settings
        self._running = AsyncExitStack()
        self._opened: Engine | None = None
        self._scenarios: ScenarioService | None = None
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    def open(
        cls,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        background: bool = False,
    ) -> Self:
        """The connections in a database, for ``async with``.

        Args:
            url: ``postgresql://...`` or ``sqlite:///...``; None means what the environment says,
                else SQLite in the data directory of the user.
            settings: All settings of the installation, in place of the environment's.
            background: Whether to renew tokens ahead of time: for programs that run for long.

        Raises:
            ConfigurationError: A setting, the database or the key cannot be used; says what to do.
        """
        if settings is None:
            settings = Settings.from_environment(os.environ, url=url)
        elif url is not None:
            settings = replace(settings, database_url=url)
        return cls(open_engine(settings, background=background), settings=settings)

    @property
    def notices(self) -> tuple[str, ...]:
        """What happened on opening that a person must hear of, such as a key that was made."""
        return self._engine.notices

    async def get(
        self, name: str, *, certificate: str = "", authority: str = "", proxy: str = ""
    ) -> AsyncConnection:
        """The connection with this name or id.

        Args:
            name: Of the connection.
            certificate: A credential whose client certificate its requests show.
            authority: A credential whose certificate authorities they trust as well.
            proxy: A credential whose proxy they go through.

        Raises:
            ConnectionNotFound: There is none; says how to connect.
            NotFound: There is no such credential.
        """
        ids = await self._ids(certificate=certificate, authority=authority, proxy=proxy)
        try:
            return AsyncConnection(self._engine, await self._engine.find(LOCAL, name), ids)
        except ConnectionNotFound as error:
            raise ConnectionNotFound(
                error.message,
                hint=f"{error.hint}. Or connect it with connections.create({name!r}, ...) and "
                f"connections.authorize({name!r}), or with: grantline connection create {name}",
            ) from None

    async def credential(
        self, name: str = "", *, certificate: str = "", authority: str = "", proxy: str = ""
    ) -> AsyncRequester:
        """Requests with a credential in place of a connection.

        Args:
            name: An API key, or a user name and password; empty for requests without a secret.
            certificate: As in ``get``, like ``authority`` and ``proxy``.
            authority: The same.
            proxy: The same.

        Raises:
            NotFound: There is no such credential.
        """
        ids = await self._ids(
            credential=name, certificate=certificate, authority=authority, proxy=proxy
        )
        return AsyncRequester(self._engine, None, ids)

    async def list(self) -> builtins.list[AsyncConnection]:
        """All connections, by name."""
        found = await self._engine.manage.connections(LOCAL)
        return [AsyncConnection(self._engine, each) for each in found]

    async def create(
        self, name: str, *, app: str = "", provider: str = "", **fields: Unpack[ConnectionFields]
    ) -> AsyncConnection:
        """A new connection, which ``authorize`` then gets consent for.

        Args:
            name: Unique; a service and an account read well: ``github/ann``.
            app: The name of an app to reuse, for a second account.
            provider: The name of a catalogue entry; the fields given win over what it says.
            fields: Of the new app and the connection. With ``issuer`` and without ``token_uri``
                the server's metadata fills in the endpoints.

        Raises:
            InvalidInput: A field is wrong; names it.
            NameTaken: Another connection or app has the name.
            DiscoveryFailed: The issuer publishes no metadata that can be used.
            UnknownProvider: The catalogue has no such entry.
        """
        typed = app_settings(fields)
        secrets = client_secrets(fields)
        entry = profile(provider) if provider else None
        metadata = None
        if fields.get("issuer") and not fields.get("token_uri"):
            metadata = await self._engine.discover(fields["issuer"])
        new = NewConnection(
            name=name,
            flow=flow_type(fields.get("flow", FlowType.AUTHORIZATION_CODE)),
            app=app,
            settings=None if app else merged_settings(typed, entry, metadata, secrets),
            secrets=secrets,
            provider=provider,
            scopes=scope_list(fields.get("scopes", entry.default_scopes if entry else ())),
            hosts=tuple(fields.get("hosts", entry.hosts if entry else ())),
            username=fields.get("username", ""),
            password=secret(fields.get("password")),
            inputs=fields.get("input_values", {}),
            at_once=fields.get("at_once", 0),
        )
        return AsyncConnection(self._engine, await self._engine.manage.create(LOCAL, new))

    async def edit(
        self, name: str, *, new_name: str | None = None, **fields: Unpack[ConnectionFields]
    ) -> Edited:
        """The connection after the edit, and what must happen before it works again.

        Fields of the app reach every connection that shares it.

        Raises:
            InvalidInput: A field is wrong, or a secret must be given again; names it.
            NameTaken: Another connection has the new name.
        """
        edit = ConnectionEdit(
            name=new_name,
            flow=flow_type(fields["flow"]) if "flow" in fields else None,
            scopes=scope_list(fields["scopes"]) if "scopes" in fields else None,
            hosts=tuple(fields["hosts"]) if "hosts" in fields else None,
            settings=app_settings(fields),
            secrets=client_secrets(fields),
            username=fields.get("username"),
            password=secret(fields.get("password")),
            inputs=fields.get("input_values"),
            at_once=fields.get("at_once"),
        )
        return await self._engine.manage.edit(LOCAL, name, edit)

    @asynccontextmanager
    async def authorize(
        self,
        name: str,
        scopes: str | Iterable[str] | None = None,
        *,
        device: bool = False,
        open_browser: bool = False,
        port: int = 0,
    ) -> AsyncIterator[AsyncPending]:
        """An authorization that is begun, for the first time or again, for ``async with``.

        Args:
            name: Of the connection.
            scopes: What to ask for; None means the connection's scopes.
            device: The person consents on another screen.
            open_browser: Opens ``pending.url`` on this machine.
            port: Where this machine listens for the answer; 0 takes a free one.

        Raises:
            ConnectionNotFound: There is no such connection.
            GrantlineError: The authorization cannot be begun; says what to do.
        """
        async with begun_authorization(
            self._engine,
            await self.get(name),
            scopes=None if scopes is None else scope_list(scopes),
            device=device,
            open_browser=open_browser,
            port=port,
        ) as pending:
            yield pending

    @property
    def scenarios(self) -> AsyncScenarios:
        """Scenarios: run, kept, in files. Only what is started here is run here."""
        from grantline.client.async_scenarios import AsyncScenarios  # noqa: PLC0415 - see below

        return AsyncScenarios(self._opened_scenarios)

    async def _opened_scenarios(self) -> ScenarioService:
        # Few programs need them, and their libraries take a while to load.
        from grantline.scenarios.open import open_scenarios  # noqa: PLC0415

        async with self._one_at_a_time:
            if self._scenarios is None:
                if self._settings is None:
                    raise ConfigurationError(
                        "Scenarios need the settings of their installation.",
                        hint="Open connections with AsyncConnections.open(), or give settings.",
                    )
                opening = open_scenarios(self._engine, self._settings, workers=False)
                self._scenarios = await self._running.enter_async_context(opening)
            return self._scenarios

    async def verify(self, name: str) -> Verification:
        """Whether the connection works, asked of the service itself."""
        return await self._engine.verify(LOCAL, name)

    async def delete(self, name: str) -> Deleted:
        """What became of the grant: a connection is deleted here, and revoked at the service."""
        return await self._engine.delete(LOCAL, name)

    async def close(self) -> None:
        """Lets refreshes under way be saved, then closes. Closing again does nothing."""
        self._opened = self._scenarios = None
        await self._running.aclose()

    async def _ids(self, **names: str) -> CredentialIds:
        given = {place: name for place, name in names.items() if name}
        return await self._engine.credentials.ids(LOCAL, given) if given else NO_CREDENTIALS

    @property
    def _engine(self) -> Engine:
        if self._opened is None:
            raise ConfigurationError(
                "These connections are not open.",
                hint="Use them inside: async with AsyncConnections.open() as connections",
            )
        return self._opened

    async def __aenter__(self) -> Self:
        self._opened = await self._running.enter_async_context(self._opening)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

"""One connection, for code that awaits."""

from __future__ import annotations

from datetime import timedelta

from grantline.client.async_requester import AsyncRequester
from grantline.client.bearer import Bearer
from grantline.connections.connection import Connection as ConnectionStatus
from grantline.connections.connection import connection_from_record
from grantline.connections.credentials.credential import NO_CREDENTIALS, CredentialIds
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.renewal.holding import Holding
from grantline.connections.renewal.refresh import AT_ONCE
from grantline.secret import Secret


class AsyncConnection(AsyncRequester):
    """One authorization at one service. Get it from ``AsyncConnections``; it stays usable as long.

    Requests carry a valid token, renewed when it has to be, to the connection's hosts only. A URL
    may be relative to the app's base URL. The answer is returned whatever its status:
    ``raise_for_status()`` makes an error of it.
    """

    def __init__(
        self,
        engine: Engine,
        status: ConnectionStatus,
        credentials: CredentialIds = NO_CREDENTIALS,
    ) -> None:
        super().__init__(engine, status.id, credentials)
        self._status = status
        self._nonces: dict[str, str] = {}

    @property
    def id(self) -> str:
        """Never changes, whatever the connection is called."""
        return self._status.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self.status.name

    @property
    def status(self) -> ConnectionStatus:
        """State, scopes, expiry and all else but secrets, as this process last saw them."""
        holding = self._engine.context.holdings.get(self._status.id)
        if holding is not None:
            self._status = connection_from_record(holding.record, holding.app)
        return self._status

    async def refresh_status(self) -> ConnectionStatus:
        """The same, read again from the store."""
        await self._engine.context.hold(LOCAL, self.id)
        return self.status

    async def token(
        self, *, min_ttl: timedelta | None = None, rejected: Secret | None = None
    ) -> Secret:
        """An access token that works now. The last resort: better let the connection carry it.

        Args:
            min_ttl: How much longer it must live.
            rejected: A token that the service has just refused; never given again.
        """
        return (await self.bearer(min_ttl=min_ttl, rejected=rejected)).token

    async def exchange_token(
        self, *, audiences: tuple[str, ...] = (), scopes: tuple[str, ...] = ()
    ) -> Secret:
        """A token that the service gives for the connection's (RFC 8693); it is kept nowhere.

        Args:
            audiences: The services that it is for, by the names they have there.
            scopes: What it is to allow; empty leaves that to the service.
        """
        return await self._engine.exchange_token(LOCAL, self.id, audiences=audiences, scopes=scopes)

    async def bearer(
        self, *, min_ttl: timedelta | None = None, rejected: Secret | None = None
    ) -> Bearer:
        """The token with the rules of where it may go: for code that makes requests by itself."""
        holding = await self._engine.tokens.usable(
            LOCAL, self.id, min_ttl=min_ttl or AT_ONCE, rejected=rejected
        )
        return self.bearer_of(holding)

    def held(self, min_ttl: timedelta | None = None) -> Holding | None:
        """What is in memory when it can be used as it is. Safe from any thread, never waits."""
        engine = self._engine
        return engine.tokens.held(
            LOCAL, self._status.id, engine.context.clock.now(), min_ttl=min_ttl or AT_ONCE
        )

    def bearer_of(self, holding: Holding) -> Bearer:
        """The same token as ``holding``, ready to travel."""
        return Bearer(holding, self._engine.context.moment, self._nonces)

    def __repr__(self) -> str:
        status = self.status
        return f"{type(self).__name__}({status.name!r}, {status.state})"

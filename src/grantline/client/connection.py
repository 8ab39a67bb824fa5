"""One connection, for code that waits."""

from __future__ import annotations

from datetime import timedelta

from grantline.client.async_connection import AsyncConnection
from grantline.client.bearer import Bearer
from grantline.client.portal import Portal
from grantline.client.requester import Requester
from grantline.connections.connection import Connection as ConnectionStatus
from grantline.secret import Secret


class Connection(Requester):
    """One authorization at one service. Get it from ``Connections``; any thread may use it.

    Everything is as in ``AsyncConnection``, without ``await``.
    """

    def __init__(self, twin: AsyncConnection, portal: Portal) -> None:
        super().__init__(twin, portal)
        self._twin: AsyncConnection = twin

    @property
    def id(self) -> str:
        """Never changes, whatever the connection is called."""
        return self._twin.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self._twin.name

    @property
    def status(self) -> ConnectionStatus:
        """State, scopes, expiry and all else but secrets, as this process last saw them."""
        return self._twin.status

    def refresh_status(self) -> ConnectionStatus:
        """The same, read again from the store."""
        return self._portal.call(self._twin.refresh_status)

    def token(self, *, min_ttl: timedelta | None = None, rejected: Secret | None = None) -> Secret:
        """An access token that works now; see ``AsyncConnection.token``."""
        # Going to the loop's thread and back costs a hundred times what reading memory does.
        if rejected is None and (holding := self._twin.held(min_ttl)) is not None:
            return holding.granted.access_token
        return self._portal.call(self._twin.token, min_ttl=min_ttl, rejected=rejected)

    def exchange_token(
        self, *, audiences: tuple[str, ...] = (), scopes: tuple[str, ...] = ()
    ) -> Secret:
        """A token traded for the connection's; see ``AsyncConnection.exchange_token``."""
        return self._portal.call(self._twin.exchange_token, audiences=audiences, scopes=scopes)

    def bearer(self, *, min_ttl: timedelta | None = None, rejected: Secret | None = None) -> Bearer:
        """The token with the rules of where it may go: for code that makes requests by itself."""
        if rejected is None and (holding := self._twin.held(min_ttl)) is not None:
            return self._twin.bearer_of(holding)
        return self._portal.call(self._twin.bearer, min_ttl=min_ttl, rejected=rejected)

    def __repr__(self) -> str:
        return repr(self._twin).removeprefix("Async")

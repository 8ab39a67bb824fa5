"""A consent that was begun, for code that waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from grantline.client.async_pending import AsyncPending
from grantline.client.connection import Connection
from grantline.client.portal import Portal


class Pending:
    """An authorization that waits for a person; see ``AsyncPending`` for the attributes."""

    def __init__(self, twin: AsyncPending, portal: Portal) -> None:
        self._twin = twin
        self._portal = portal
        self.url: str = twin.url
        self.user_code: str = twin.user_code
        self.verification_uri: str = twin.verification_uri
        self.verification_uri_complete: str = twin.verification_uri_complete
        self.expires_at: datetime | None = twin.expires_at

    def wait(self, timeout: float | timedelta | None = None) -> Connection:
        """The connection, once it is authorized; see ``AsyncPending.wait``."""
        return Connection(self._portal.call(self._twin.wait, timeout), self._portal)

    def complete(self, redirected_url: str) -> Connection:
        """The connection, authorized by a pasted address; see ``AsyncPending.complete``."""
        return Connection(self._portal.call(self._twin.complete, redirected_url), self._portal)

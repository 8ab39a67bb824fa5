"""One connection, for code that waits."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any, Unpack

from grantline.calls.response import Response
from grantline.client.async_connection import AsyncConnection
from grantline.client.bearer import Bearer
from grantline.client.portal import Portal
from grantline.client.request_options import PagesOptions, RequestOptions
from grantline.connections.connection import Connection as ConnectionStatus
from grantline.connections.pages import ItemsPage
from grantline.secret import Secret


class Connection:
    """One authorization at one service. Get it from ``Connections``; any thread may use it.

    Everything is as in ``AsyncConnection``, without ``await``.
    """

    def __init__(self, twin: AsyncConnection, portal: Portal) -> None:
        self._twin = twin
        self._portal = portal

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

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The service's answer; see ``AsyncConnection.request``."""
        return self._portal.call(self._twin.request, method, url, **options)

    def get(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a GET request; see ``request``."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a HEAD request; see ``request``."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to an OPTIONS request; see ``request``."""
        return self.request("OPTIONS", url, **options)

    def post(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a POST request; see ``request``."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a PUT request; see ``request``."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a PATCH request; see ``request``."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a DELETE request; see ``request``."""
        return self.request("DELETE", url, **options)

    def pages(self, url: str, **options: Unpack[PagesOptions]) -> Generator[ItemsPage]:
        """The pages of a list; see ``AsyncConnection.pages``."""
        pages = self._twin.pages(url, **options)

        async def following() -> ItemsPage | None:
            return await anext(pages, None)

        try:
            while (page := self._portal.call(following)) is not None:
                yield page
        finally:
            self._portal.call(pages.aclose)

    def items(self, url: str, **options: Unpack[PagesOptions]) -> Generator[Any]:
        """The items of a list, from all its pages; see ``AsyncConnection.pages``."""
        for page in self.pages(url, **options):
            yield from page.items

    def token(self, *, min_ttl: timedelta | None = None, rejected: Secret | None = None) -> Secret:
        """An access token that works now; see ``AsyncConnection.token``."""
        # Going to the loop's thread and back costs a hundred times what reading memory does.
        if rejected is None and (holding := self._twin.held(min_ttl)) is not None:
            return holding.granted.access_token
        return self._portal.call(self._twin.token, min_ttl=min_ttl, rejected=rejected)

    def bearer(self, *, min_ttl: timedelta | None = None, rejected: Secret | None = None) -> Bearer:
        """The token with the rules of where it may go: for code that makes requests by itself."""
        if rejected is None and (holding := self._twin.held(min_ttl)) is not None:
            return self._twin.bearer_of(holding)
        return self._portal.call(self._twin.bearer, min_ttl=min_ttl, rejected=rejected)

    def __repr__(self) -> str:
        return repr(self._twin).removeprefix("Async")

"""One connection, for code that awaits."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any, Unpack

from grantline.calls.response import Response
from grantline.client.bearer import Bearer
from grantline.client.request_options import (
    PagesOptions,
    RequestOptions,
    pages_spec,
    request_spec,
)
from grantline.connections.connection import Connection as ConnectionStatus
from grantline.connections.connection import connection_from_record
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.holding import Holding
from grantline.connections.pages import ItemsPage
from grantline.connections.refresh import AT_ONCE
from grantline.secret import Secret


class AsyncConnection:
    """One authorization at one service. Get it from ``AsyncConnections``; it stays usable as long.

    Requests carry a valid token, renewed when it has to be, to the connection's hosts only. A URL
    may be relative to the app's base URL. The answer is returned whatever its status:
    ``raise_for_status()`` makes an error of it.
    """

    def __init__(self, engine: Engine, status: ConnectionStatus) -> None:
        self._engine = engine
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

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The service's answer.

        Raises:
            EgressBlocked: The URL or a host may not be reached, or not with this token.
            ConnectionUnusable: There is no token to be had until somebody acts.
            GrantlineError: The request could not be made.
        """
        spec = request_spec(method, url, options)
        return await self._engine.request_by_id(LOCAL, self.id, spec)

    async def get(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a GET request; see ``request``."""
        return await self.request("GET", url, **options)

    async def head(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a HEAD request; see ``request``."""
        return await self.request("HEAD", url, **options)

    async def options(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to an OPTIONS request; see ``request``."""
        return await self.request("OPTIONS", url, **options)

    async def post(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a POST request; see ``request``."""
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a PUT request; see ``request``."""
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a PATCH request; see ``request``."""
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The answer to a DELETE request; see ``request``."""
        return await self.request("DELETE", url, **options)

    async def pages(self, url: str, **options: Unpack[PagesOptions]) -> AsyncGenerator[ItemsPage]:
        """The pages of a list, one request each; only one of them is in memory at a time.

        Raises:
            InvalidInput: How the list comes in pages is not known, or cannot work.
            UpstreamError: The service answered with an error; ``resume`` of the last page leads
                there again.
            GrantlineError: A request could not be made.
        """
        spec, resume_from = pages_spec(url, options)
        async with aclosing(
            self._engine.pages(LOCAL, spec, connection_id=self.id, resume_from=resume_from)
        ) as pages:
            async for page in pages:
                yield page

    async def items(self, url: str, **options: Unpack[PagesOptions]) -> AsyncGenerator[Any]:
        """The items of a list, from all its pages; see ``pages``."""
        async with aclosing(self.pages(url, **options)) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def token(
        self, *, min_ttl: timedelta | None = None, rejected: Secret | None = None
    ) -> Secret:
        """An access token that works now. The last resort: better let the connection carry it.

        Args:
            min_ttl: How much longer it must live.
            rejected: A token that the service has just refused; never given again.
        """
        return (await self.bearer(min_ttl=min_ttl, rejected=rejected)).token

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

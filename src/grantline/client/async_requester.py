"""Requests with a connection, a credential or neither, for code that awaits."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Unpack

from grantline.calls.answers.response import Response
from grantline.client.request_options import (
    PagesOptions,
    RequestOptions,
    pages_spec,
    request_spec,
    upload_of,
)
from grantline.connections.credentials.credential import CredentialIds
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.requests.pages import ItemsPage


class AsyncRequester:
    """Makes requests that carry one secret, to its hosts only, or none.

    The answer is returned whatever its status: ``raise_for_status()`` makes an error of it.
    """

    def __init__(
        self, engine: Engine, connection_id: str | None, credentials: CredentialIds
    ) -> None:
        self._engine = engine
        self._connection_id = connection_id
        self._credentials = credentials

    async def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The service's answer.

        Raises:
            EgressBlocked: The URL or a host may not be reached, or not with this secret.
            ConnectionUnusable: There is no token to be had until somebody acts.
            GrantlineError: The request could not be made.
        """
        spec = request_spec(method, url, options)
        upload = upload_of(options)
        if upload is not None:
            made = await self._engine.make_request(
                LOCAL,
                spec,
                connection_id=self._connection_id,
                credentials=self._credentials,
                upload=upload,
                record=False,
            )
            return made.result()
        return await self._engine.request_by_id(
            LOCAL, self._connection_id, spec, credentials=self._credentials
        )

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
        pages = self._engine.pages(
            LOCAL,
            spec,
            connection_id=self._connection_id,
            credentials=self._credentials,
            resume_from=resume_from,
        )
        async with aclosing(pages):
            async for page in pages:
                yield page

    async def items(self, url: str, **options: Unpack[PagesOptions]) -> AsyncGenerator[Any]:
        """The items of a list, from all its pages; see ``pages``."""
        async with aclosing(self.pages(url, **options)) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

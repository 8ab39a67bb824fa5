"""Requests with a connection, a credential or neither, for code that waits."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Unpack

from grantline.calls.answers.response import Response
from grantline.client.async_requester import AsyncRequester
from grantline.client.portal import Portal
from grantline.client.request_options import PagesOptions, RequestOptions
from grantline.connections.requests.pages import ItemsPage


class Requester:
    """Makes requests as ``AsyncRequester`` does, without ``await``; any thread may use it."""

    def __init__(self, twin: AsyncRequester, portal: Portal) -> None:
        self._twin = twin
        self._portal = portal

    def request(self, method: str, url: str, **options: Unpack[RequestOptions]) -> Response:
        """The service's answer; see ``AsyncRequester.request``."""
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
        """The pages of a list; see ``AsyncRequester.pages``."""
        pages = self._twin.pages(url, **options)

        async def following() -> ItemsPage | None:
            return await anext(pages, None)

        try:
            while (page := self._portal.call(following)) is not None:
                yield page
        finally:
            self._portal.call(pages.aclose)

    def items(self, url: str, **options: Unpack[PagesOptions]) -> Generator[Any]:
        """The items of a list, from all its pages; see ``AsyncRequester.pages``."""
        for page in self.pages(url, **options):
            yield from page.items

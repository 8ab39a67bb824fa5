"""Connections for requests: ``requests.get(url, auth=ConnectionAuth(connection))``."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from requests import PreparedRequest, Response
from requests.auth import AuthBase

from grantline.client.bearer import Bearer
from grantline.client.connection import Connection
from grantline.errors import GrantlineError
from grantline.integrations.exchange import (
    PLACED_HEADERS,
    bearer_of,
    is_away,
    refuse_leak,
    retry_after,
)
from grantline.messages import HttpRequest, HttpResponse


class ConnectionAuth(AuthBase):
    """Authentication by a connection: carries its token, and renews it once when it is refused.

    The token goes to the connection's hosts only. A request is sent again only if its body is in
    memory: a stream is spent.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """``request`` with the token on it."""
        bearer = bearer_of(self._connection)
        first_url = request.url or ""
        _carry(request, bearer, _plain(request))
        answered = _Answered(self._connection, bearer, first_url)
        request.register_hook("response", answered)  # type: ignore[no-untyped-call]
        return request


class _Answered:
    """What happens when an answer to one request comes, at each hop of its redirects."""

    def __init__(self, connection: Connection, bearer: Bearer, first_url: str) -> None:
        self._connection = connection
        self._bearer = bearer
        self._first_url = first_url

    def __call__(self, response: Response, **sending: Any) -> Response:
        try:
            return self._answered(response, sending)
        except GrantlineError:
            response.close()
            raise

    def _answered(self, response: Response, sending: dict[str, Any]) -> Response:
        if response.is_redirect:
            there = urljoin(response.url, response.headers["location"])
            if is_away(self._first_url, there):
                refuse_leak(self._bearer, HttpRequest("GET", there))
            return response
        # The session makes further hops from this very object, so it is changed, not copied.
        request = response.request
        body: object = request.body
        if not isinstance(body, str | bytes | None):
            return response
        answer = HttpResponse(
            status=response.status_code,
            headers=tuple(response.headers.items()),
            body=response.content if self._bearer.reads_bodies else b"",
        )
        retry = retry_after(self._bearer, self._first_url, _plain(request), answer)
        if retry is None:
            return response
        if retry.rejected is not None:
            self._bearer = bearer_of(self._connection, rejected=retry.rejected)
        _carry(request, self._bearer, retry.request)
        # The connection goes back to the pool when the body is read.
        _ = response.content
        response.close()
        again: Response = response.connection.send(request, **sending)
        again.history.append(response)
        return again


def _plain(request: PreparedRequest) -> HttpRequest:
    return HttpRequest(request.method or "", request.url or "", tuple(request.headers.items()))


def _carry(request: PreparedRequest, bearer: Bearer, bare: HttpRequest) -> None:
    placed = bearer.placed(bare)
    for name in PLACED_HEADERS:
        request.headers.pop(name, None)
        if (value := placed.header(name)) is not None:
            request.headers[name] = value
    request.url = placed.url

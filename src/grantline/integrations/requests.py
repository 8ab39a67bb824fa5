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
    bearer_of,
    carry_token,
    is_away,
    next_attempt,
    refuse_leak,
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
            if not response.is_redirect:
                response = self._accepted(response, sending)
            if response.is_redirect:
                there = urljoin(response.url, response.headers["location"])
                if is_away(self._first_url, there):
                    refuse_leak(self._bearer, HttpRequest("GET", there))
        except GrantlineError:
            response.close()
            raise
        return response

    def _accepted(self, response: Response, sending: dict[str, Any]) -> Response:
        """``response``, or the one to a second attempt."""
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
        attempt = next_attempt(self._bearer, self._first_url, _plain(request), answer)
        if attempt is None:
            return response
        if attempt.rejected is not None:
            self._bearer = bearer_of(self._connection, rejected=attempt.rejected)
        _carry(request, self._bearer, attempt.request)
        # The connection goes back to the pool when the body is read.
        _ = response.content
        response.close()
        again: Response = response.connection.send(request, **sending)
        again.history.append(response)
        return again


def _plain(request: PreparedRequest) -> HttpRequest:
    return HttpRequest(request.method or "", request.url or "", tuple(request.headers.items()))


def _carry(request: PreparedRequest, bearer: Bearer, bare: HttpRequest) -> None:
    url = carry_token(request.headers, bearer, bare)
    request.url = url

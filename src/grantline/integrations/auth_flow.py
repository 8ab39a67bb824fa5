"""The authentication flow that httpx2 and httpx understand alike.

Their ``Auth`` classes do not accept each other, yet have one shape; so the flow is written once
against that shape, and each module makes its own class of it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, MutableMapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from grantline.client.bearer import Bearer
from grantline.integrations.exchange import (
    AnyConnection,
    Attempt,
    awaited_bearer_of,
    bearer_of,
    carry_token,
    is_away,
    next_attempt,
    refuse_leak,
)
from grantline.messages import HttpRequest, HttpResponse


class _Request(Protocol):
    """A request of either library, as far as it is touched here."""

    method: str
    url: Any
    stream: Any
    extensions: Any

    @property
    def headers(self) -> MutableMapping[str, str]: ...


class _Response(Protocol):
    """A response of either library, as far as it is read here."""

    status_code: int

    @property
    def headers(self) -> Any: ...
    @property
    def request(self) -> Any: ...
    @property
    def content(self) -> bytes: ...
    def read(self) -> bytes: ...
    def aread(self) -> Awaitable[bytes]: ...


Req = TypeVar("Req", bound=_Request)
Resp = TypeVar("Resp", bound=_Response)


class AuthFlow(Generic[Req, Resp]):
    """Carries a connection's token, and renews it once when the service refuses it.

    The token goes to the connection's hosts only. A request is sent again only if its body is in
    memory: a stream is spent. Nothing is locked while the library sends.
    """

    in_memory: ClassVar[type]

    def __init__(self, connection: AnyConnection) -> None:
        self._connection = connection

    def sync_auth_flow(self, request: Req) -> Generator[Req, Resp, None]:
        """The request with a token, and if that is refused, the last hop with another one."""
        bearer = bearer_of(self._connection)
        first_url = str(request.url)
        _carry(request, bearer, _plain(request))
        _watch(request, bearer, first_url)
        response = yield request
        if bearer.reads_bodies:
            response.read()
        attempt = self._next_attempt(bearer, first_url, response)
        if attempt is not None:
            if attempt.rejected is not None:
                bearer = bearer_of(self._connection, rejected=attempt.rejected)
            _carry(response.request, bearer, attempt.request)
            _watch(response.request, bearer, first_url)
            yield response.request

    async def async_auth_flow(self, request: Req) -> AsyncGenerator[Req, Resp]:
        """The same for clients that await."""
        bearer = await awaited_bearer_of(self._connection)
        first_url = str(request.url)
        _carry(request, bearer, _plain(request))
        _watch_awaiting(request, bearer, first_url)
        response = yield request
        if bearer.reads_bodies:
            await response.aread()
        attempt = self._next_attempt(bearer, first_url, response)
        if attempt is not None:
            if attempt.rejected is not None:
                bearer = await awaited_bearer_of(self._connection, rejected=attempt.rejected)
            _carry(response.request, bearer, attempt.request)
            _watch_awaiting(response.request, bearer, first_url)
            yield response.request

    def _next_attempt(self, bearer: Bearer, first_url: str, response: Resp) -> Attempt | None:
        if not isinstance(response.request.stream, self.in_memory):
            return None
        answer = HttpResponse(
            status=response.status_code,
            headers=tuple(response.headers.multi_items()),
            body=response.content if bearer.reads_bodies else b"",
        )
        return next_attempt(bearer, first_url, _plain(response.request), answer)


def _plain(request: _Request) -> HttpRequest:
    headers: Any = request.headers
    return HttpRequest(request.method, str(request.url), tuple(headers.multi_items()))


def _carry(request: _Request, bearer: Bearer, bare: HttpRequest) -> None:
    url = carry_token(request.headers, bearer, bare)
    request.url = type(request.url)(url)


def _watch(request: _Request, bearer: Bearer, first_url: str) -> None:
    """Has every hop of a token in the query looked at before its first byte leaves.

    Redirects happen behind the flow's back; ``trace`` is the extension that both libraries hand
    from hop to hop and call before sending. A token in a header they drop by themselves.
    """
    if not bearer.in_query:
        return
    others: Callable[[str, Any], None] | None = request.extensions.get("trace")

    def trace(event: str, info: Any) -> None:
        _look_at(event, info, bearer, first_url)
        if others is not None:
            others(event, info)

    request.extensions = {**request.extensions, "trace": trace}


def _watch_awaiting(request: _Request, bearer: Bearer, first_url: str) -> None:
    """As ``_watch``, where the extension must be awaited."""
    if not bearer.in_query:
        return
    others: Callable[[str, Any], Awaitable[None]] | None = request.extensions.get("trace")

    async def trace(event: str, info: Any) -> None:
        _look_at(event, info, bearer, first_url)
        if others is not None:
            await others(event, info)

    request.extensions = {**request.extensions, "trace": trace}


def _look_at(event: str, info: Any, bearer: Bearer, first_url: str) -> None:
    # CONNECT asks a proxy for a tunnel, and carries nothing of the request.
    if event.endswith(".send_request_headers.started") and info["request"].method != b"CONNECT":
        hop = _hop(info["request"])
        if is_away(first_url, hop.url):
            refuse_leak(bearer, hop)


def _hop(request: Any) -> HttpRequest:
    """A request of httpcore as a value. Through a proxy, its target is the whole URL."""
    url, target = request.url, request.url.target.decode("ascii")
    if target.startswith("/"):
        host = url.host.decode("ascii")
        authority = f"[{host}]" if ":" in host else host
        port = f":{url.port}" if url.port else ""
        target = f"{url.scheme.decode('ascii')}://{authority}{port}{target}"
    headers = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in request.headers]
    return HttpRequest("GET", target, tuple(headers))

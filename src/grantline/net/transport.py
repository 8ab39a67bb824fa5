"""One request out, one response back: the ``Transport`` port, and the only engine behind it.

Redirects are not followed, environment variables and .netrc are not read, cookies are not kept,
and a TLS certificate is always verified: what leaves is exactly the request that was given.
"""

from __future__ import annotations

import socket
import sys
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from itertools import chain
from types import TracebackType
from typing import Final, Protocol, Self

import aiohttp
from aiohttp import AddrInfoType, SocketFactoryType
from yarl import URL

from grantline.calls.headers import check_header, check_method
from grantline.messages import (
    DIRECT,
    AddressFamily,
    Headers,
    HttpRequest,
    HttpResponse,
    Route,
    StreamedResponse,
)
from grantline.net.address import parse_address
from grantline.net.decoding import ACCEPT_ENCODING, ContentDecoder
from grantline.net.failures import failed, headers_too_large, translated
from grantline.net.guard import PUBLIC_INTERNET, EgressPolicy, check_address, check_url
from grantline.net.payload import SourcePayload
from grantline.net.resolver import (
    DNS_TIMEOUT,
    CheckedResolver,
    Resolver,
    is_of_family,
    not_of_family,
    system_resolver,
)
from grantline.net.tls import client_context
from grantline.url import parse_url
from grantline.version import USER_AGENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one exchange may cost, and whether it may use a connection that was used before.

    Attributes:
        total: From the first byte of DNS to the last byte of the body; one deadline for all of it.
        connect: The part of it until the TLS handshake is done.
        idle: How long the other side may stay silent while its answer is awaited or read.
        response_bytes: The body, after decoding.
        header_bytes: The status line and header fields together.
        reuse: False opens a new connection and sends once. A server may close an idle connection
            at the moment a request is written to it, and then nobody knows whether the request was
            seen: harmless for a GET, the end of a grant for a refresh.
    """

    total: timedelta = timedelta(minutes=5)
    connect: timedelta = timedelta(seconds=20)
    idle: timedelta = timedelta(minutes=5)
    response_bytes: int = 64 * 1024 * 1024
    header_bytes: int = 64 * 1024
    reuse: bool = True


API_LIMITS: Final = Limits()
# What is streamed is in nobody's memory, so it may be of any size, as long as it keeps coming.
STREAM_LIMITS: Final = Limits(
    total=timedelta(days=1), idle=timedelta(minutes=1), response_bytes=sys.maxsize
)
OAUTH_LIMITS: Final = Limits(
    total=timedelta(seconds=20),
    connect=timedelta(seconds=10),
    response_bytes=1024 * 1024,
    reuse=False,
)
METADATA_LIMITS: Final = Limits(
    total=timedelta(seconds=20),
    connect=timedelta(seconds=10),
    response_bytes=256 * 1024,
)


class Transport(Protocol):
    """How a request leaves.

    1. Nothing is sent unless the URL, and every address its host resolves to, is allowed.
    2. The response is returned whatever its status; a redirect is a response.
    3. A failure is a `TransportFailed` whose ``sent`` is False only if no byte can have left.
    4. Requests of different ``partition``s share no connection, cookie or other state.
    """

    async def send(
        self, request: HttpRequest, *, limits: Limits = API_LIMITS, partition: str = ""
    ) -> HttpResponse:
        """The answer to ``request``, within ``limits``."""

    def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AbstractAsyncContextManager[StreamedResponse]:
        """The same, the body still to come; leaving the block ends the exchange."""


@dataclass(slots=True, eq=False)
class _Pool:
    """The connections of one partition; closed once it is retired and nobody uses it."""

    session: aiohttp.ClientSession
    users: int = 0
    retired: bool = False


@dataclass(slots=True, eq=False)
class _Opened:
    """An exchange whose answer has begun."""

    pool: _Pool
    response: aiohttp.ClientResponse
    host: str
    payload: SourcePayload | None

    def failure(self, error: Exception) -> Exception:
        """What ``error`` means to whoever made the request."""
        return _failure(error, self.host, self.payload)


def open_socket(address: AddrInfoType) -> socket.socket:
    """A socket of the kind that ``address`` needs, not yet connected."""
    return socket.socket(*address[:3])


class EgressTransport:
    """`Transport` over aiohttp, behind the egress guard. An async context manager.

    Args:
        policy: What the operator allows.
        resolver: Names to addresses; a test puts a fake DNS here.
        socket_factory: Opens the socket for an address that passed; a test puts a fake network
            here.
        extra_ca_pem: Private certificate authorities to trust as well, PEM.
        dns_timeout: How long a lookup may take.
        max_pools: How many partitions may keep connections open.
    """

    def __init__(
        self,
        policy: EgressPolicy = PUBLIC_INTERNET,
        *,
        resolver: Resolver = system_resolver,
        socket_factory: SocketFactoryType = open_socket,
        extra_ca_pem: str = "",
        dns_timeout: timedelta = DNS_TIMEOUT,
        max_pools: int = 256,
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._dns_timeout = dns_timeout
        self._socket_factory = socket_factory
        self._extra_ca_pem = extra_ca_pem
        self._max_pools = max_pools
        self._pools: OrderedDict[_PoolKey, _Pool] = OrderedDict()
        self._checked_url = lru_cache(maxsize=512)(self._check)
        self._context = lru_cache(maxsize=max_pools)(client_context)

    async def send(
        self, request: HttpRequest, *, limits: Limits = API_LIMITS, partition: str = ""
    ) -> HttpResponse:
        """The answer to ``request``; see `Transport`.

        Raises:
            EgressBlocked: The guard refused the URL, a header or an address.
            TransportFailed: No usable answer came. ``check`` is ``dns_failed``, ``dns_timeout``,
                ``connect``, ``proxy``, ``tls``, ``timeout``, ``disconnected``, ``malformed``,
                ``truncated`` or ``content_decoding``.
            LimitExceeded: ``response_bytes`` or ``header_bytes``.
        """
        url, text = self._checked_url(request.url)
        opened = await self._open(request, url, limits, partition)
        try:
            body = await _read(opened.response, limits.response_bytes)
        except _BROKEN as error:
            raise opened.failure(error) from None
        finally:
            opened.response.close()  # after the whole body, it has given its connection back
            await _leave(opened.pool)
        return HttpResponse(opened.response.status, _headers(opened.response), body, text)

    @asynccontextmanager
    async def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AsyncIterator[StreamedResponse]:
        """The answer to ``request``, its body still to come; raises as `send`, and so does it."""
        url, text = self._checked_url(request.url)
        opened = await self._open(request, url, limits, partition)
        chunks = _chunks(opened, limits.response_bytes)
        try:
            yield StreamedResponse(opened.response.status, _headers(opened.response), chunks, text)
        finally:
            await chunks.aclose()
            opened.response.close()
            await _leave(opened.pool)

    async def aclose(self) -> None:
        """Close every connection; requests that are under way fail."""
        while self._pools:
            await self._pools.popitem()[1].session.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _check(self, text: str) -> tuple[URL, str]:
        """The URL to send, rebuilt from what was checked; `send` keeps the latest ones."""
        url = parse_url(text)
        check_url(url, self._policy)
        rebuilt = str(url)
        return URL(rebuilt, encoded=True), rebuilt

    async def _open(
        self, request: HttpRequest, url: URL, limits: Limits, partition: str
    ) -> _Opened:
        """The exchange of ``request``, once its answer has begun."""
        check_method(request.method)
        for name, value in request.headers:
            check_header(name, value)
        body, route = request.body, request.route
        payload = None if isinstance(body, bytes) else SourcePayload(body)
        # Connections that serve one request have nothing to share, so they need no partition.
        key = (
            partition if limits.reuse else "",
            None if route is DIRECT else route,
            limits.reuse,
        )
        pool = self._pools.get(key)
        if pool is None:
            pool = await self._new_pool(key)
        else:
            self._pools.move_to_end(key)
        host = url.raw_host or ""
        _host.set(host)
        pool.users += 1
        try:
            response = await pool.session.request(
                request.method,
                url,
                headers=request.headers,
                data=payload or body or None,
                # A body without a media type leaves without one; aiohttp would make one up.
                skip_auto_headers=_NO_CONTENT_TYPE if body else None,
                allow_redirects=False,
                timeout=_timeout(limits),
                max_line_size=limits.header_bytes,
                max_field_size=limits.header_bytes,
                # aiohttp may repeat an idempotent request on a new connection, with its body.
                middlewares=None if request.replayable else _ONCE,
            )
            if sum(map(len, chain.from_iterable(response.raw_headers))) > limits.header_bytes:
                response.close()
                raise headers_too_large()
        except BaseException as error:
            await _leave(pool)
            if isinstance(error, _BROKEN):
                raise _failure(error, host, payload) from None
            raise
        return _Opened(pool, response, host, payload)

    async def _new_pool(self, key: _PoolKey) -> _Pool:
        """A pool for ``key``; the one that was not used for longest makes room for it."""
        pool = self._pools[key] = _Pool(self._new_session(key[1] or DIRECT, reuse=key[2]))
        if len(self._pools) > self._max_pools:
            oldest = self._pools.popitem(last=False)[1]
            oldest.retired = True
            if not oldest.users:
                await oldest.session.close()
        return pool

    def _new_session(self, route: Route, *, reuse: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(
                self._resolver, self._policy, self._dns_timeout, route.address_family
            ),
            use_dns_cache=False,
            socket_factory=partial(self._checked_socket, route.address_family),
            ssl=self._context(
                self._extra_ca_pem + route.ca_pem, route.client_certificate, route.minimum_tls
            ),
            force_close=not reuse,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": ACCEPT_ENCODING},
            auto_decompress=False,
            trust_env=False,
            middlewares=() if reuse else _ONCE,
        )

    def _checked_socket(self, family: AddressFamily, address: AddrInfoType) -> socket.socket:
        """The second wall: whatever aiohttp made of the host, this is what is really dialled."""
        host, dialled = _host.get(), parse_address(address[4][0])
        check_address(dialled, self._policy, host=host)
        if not is_of_family(dialled, family):
            raise not_of_family(host, family)
        return self._socket_factory(address)


_PoolKey = tuple[str, Route | None, bool]
_NO_CONTENT_TYPE: Final = ("Content-Type",)
_BROKEN: Final = (aiohttp.ClientError, TimeoutError, OSError)

# The host of the request that this task is sending, for the check at the socket.
_host: ContextVar[str] = ContextVar("_host")


def _failure(error: Exception, host: str, payload: SourcePayload | None) -> Exception:
    """What ``error`` means: what went wrong in the body itself comes first."""
    if payload is not None and payload.failure is not None:
        return payload.failure
    return translated(error, host)


async def _leave(pool: _Pool) -> None:
    pool.users -= 1
    if pool.retired and not pool.users:
        await pool.session.close()


def _headers(response: aiohttp.ClientResponse) -> Headers:
    return tuple([(name.lower(), value) for name, value in response.headers.items()])


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The decoded body, never more than ``limit_bytes`` of it in memory."""
    coding, content = response.headers.get("Content-Encoding", ""), response.content
    chunk = await content.readany()
    if not coding and content.at_eof() and len(chunk) <= limit_bytes:
        return chunk  # as most answers come: plain, and in one piece
    decoder = ContentDecoder(coding, limit_bytes)
    parts = [decoder.feed(chunk)]
    while chunk := await content.readany():
        parts.append(decoder.feed(chunk))
    decoder.finish()
    return b"".join(parts)


async def _chunks(opened: _Opened, limit_bytes: int) -> AsyncGenerator[bytes, None]:
    """The decoded body as it comes."""
    response = opened.response
    decoder = ContentDecoder(response.headers.get("Content-Encoding", ""), limit_bytes)
    try:
        while chunk := await response.content.readany():
            for piece in decoder.pieces(chunk):
                yield piece
    except _BROKEN as error:
        raise opened.failure(error) from None
    decoder.finish()


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a GET whose connection broke: a code in it is spent already."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise failed(request.url.host or "", "disconnected", sent=True) from None


_ONCE: Final = (_send_once,)


@lru_cache(maxsize=64)
def _timeout(limits: Limits) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=limits.total.total_seconds(),
        sock_connect=limits.connect.total_seconds(),
        sock_read=limits.idle.total_seconds(),
    )

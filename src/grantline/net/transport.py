"""One request out, one response back: the ``Transport`` port, and the only engine behind it.

Redirects are not followed, environment variables and .netrc are not read, cookies are not kept,
and a TLS certificate is always verified: what leaves is exactly the request that was given.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from itertools import chain
from types import TracebackType
from typing import Final, Protocol, Self

import aiohttp
from aiohttp import AddrInfoType, SocketFactoryType
from yarl import URL

from grantline.calls.headers import check_all, check_method
from grantline.messages import HttpRequest, HttpResponse, Proxy, StreamedResponse
from grantline.net.exchange import BROKEN, Exchange, failure, under_way
from grantline.net.failures import failed, headers_too_large
from grantline.net.guard import PUBLIC_INTERNET, EgressPolicy, check_url
from grantline.net.payload import SourcePayload
from grantline.net.pools import SEND_ONCE, Pools
from grantline.net.resolver import DNS_TIMEOUT, Resolver, system_resolver
from grantline.url import parse_url


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
        proxy: The operator's own, through which everything leaves.
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
        proxy: Proxy | None = None,
        dns_timeout: timedelta = DNS_TIMEOUT,
        max_pools: int = 256,
    ) -> None:
        self._policy = policy
        self._pools = Pools(
            policy,
            resolver=resolver,
            socket_factory=socket_factory,
            extra_ca_pem=extra_ca_pem,
            proxy=proxy,
            dns_timeout=dns_timeout,
            at_most=max_pools,
        )
        self._checked_url = lru_cache(maxsize=512)(self._check)

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
        exchange = await self._open(request, url, limits, partition)
        try:
            body = exchange.arrived(limits.response_bytes)
            if body is None:  # most answers come in one piece
                body = await exchange.read(limits.response_bytes)
        finally:
            if exchange.close():
                await exchange.pool.close()
        return HttpResponse(exchange.response.status, exchange.headers, body, text)

    @asynccontextmanager
    async def stream(
        self, request: HttpRequest, *, limits: Limits = STREAM_LIMITS, partition: str = ""
    ) -> AsyncIterator[StreamedResponse]:
        """The answer to ``request``, its body still to come; raises as `send`, and so does it."""
        url, text = self._checked_url(request.url)
        exchange = await self._open(request, url, limits, partition)
        chunks = exchange.chunks(limits.response_bytes)
        try:
            yield StreamedResponse(exchange.response.status, exchange.headers, chunks, text)
        finally:
            await chunks.aclose()
            if exchange.close():
                await exchange.pool.close()

    async def aclose(self) -> None:
        """Close every connection; requests that are under way fail."""
        await self._pools.aclose()

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
    ) -> Exchange:
        """The exchange of ``request``, once its answer has begun."""
        check_method(request.method)
        check_all(request.headers)
        route, body, reuse = request.route, request.body, limits.reuse
        pool = self._pools.enter(partition, route, reuse=reuse)
        if pool is None:
            pool = await self._pools.open(partition, route, reuse=reuse)
        host, way = url.raw_host or "", pool.way
        payload = None if isinstance(body, bytes) else SourcePayload(body)
        exchange = Exchange(pool, host, payload)
        earlier = under_way.set(exchange)
        is_open = way is not None and url.scheme == "http"
        try:
            exchange.response = response = await pool.session.request(
                request.method,
                url,
                headers=(*request.headers, *way.headers) if way and is_open else request.headers,
                data=payload or body or None,
                # A body without a media type leaves without one; aiohttp would make one up.
                skip_auto_headers=_NO_CONTENT_TYPE if body else None,
                allow_redirects=False,
                timeout=(
                    _API_TIMEOUT
                    if limits is API_LIMITS and way is None
                    else _timeout(limits, is_proxied=way is not None)
                ),
                max_line_size=limits.header_bytes,
                max_field_size=limits.header_bytes,
                # aiohttp may repeat an idempotent request on a new connection, with its body.
                middlewares=None if request.replayable else SEND_ONCE,
                proxy=way.url if way else None,
                proxy_headers=dict(way.headers) if way and not is_open else None,
            )
            if sum(map(len, chain.from_iterable(response.raw_headers))) > limits.header_bytes:
                response.close()
                raise headers_too_large()
            if is_open and response.status == _PROXY_WANTS_A_PASSWORD:
                response.close()
                raise failed(host, "proxy", sent=False)
        except BaseException as error:
            if pool.leave():
                await pool.close()
            if isinstance(error, BROKEN):
                raise failure(error, host, payload) from None
            raise
        finally:
            under_way.reset(earlier)
        return exchange


_NO_CONTENT_TYPE: Final = ("Content-Type",)
_PROXY_WANTS_A_PASSWORD: Final = 407  # RFC 9110 section 15.5.8


@lru_cache(maxsize=64)
def _timeout(limits: Limits, *, is_proxied: bool) -> aiohttp.ClientTimeout:
    connect_s = limits.connect.total_seconds()
    return aiohttp.ClientTimeout(
        total=limits.total.total_seconds(),
        # A proxy that takes the connection and then says nothing.
        connect=connect_s if is_proxied else None,
        sock_connect=connect_s,
        # A later deadline would cost every request a timer, and end nothing.
        sock_read=limits.idle.total_seconds() if limits.idle < limits.total else None,
    )


# Worked out once: finding it by all the limits takes longer than most of what is done here.
_API_TIMEOUT: Final = _timeout(API_LIMITS, is_proxied=False)

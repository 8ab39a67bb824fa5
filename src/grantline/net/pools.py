"""Open connections, kept apart: by whose requests they carry, and by how those travel."""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from typing import Final
from weakref import WeakSet

import aiohttp
from aiohttp import AddrInfoType, SocketFactoryType

from grantline.errors import EgressBlocked
from grantline.messages import DIRECT, AddressFamily, Proxy, Route
from grantline.net.address import parse_address
from grantline.net.decoding import ACCEPT_ENCODING
from grantline.net.exchange import Answer, under_way
from grantline.net.failures import failed
from grantline.net.guard import EgressPolicy, check_address
from grantline.net.proxy import Way, reaching, way_through
from grantline.net.resolver import CheckedResolver, Resolver, is_of_family, not_of_family
from grantline.net.tls import client_context
from grantline.version import USER_AGENT


@dataclass(slots=True, eq=False)
class Pool:
    """The connections of one partition and route.

    It is closed once it is retired and nobody uses it.

    Attributes:
        transports: Those that answers came by. aiohttp forgets one that it closes, and asyncio
            keeps it open until what is unsent was read by the other side, or the other side has
            said farewell in TLS: which may be never.
    """

    session: aiohttp.ClientSession
    way: Way | None = None
    users: int = 0
    retired: bool = False
    transports: WeakSet[asyncio.Transport] = field(default_factory=WeakSet)

    async def close(self) -> None:
        """Closes every connection, without waiting for the other side."""
        await self.session.close()
        for transport in list(self.transports):
            transport.abort()

    def leave(self) -> bool:
        """Ends one use; True when it was the last one of a pool that must be closed now."""
        self.users -= 1
        return self.retired and not self.users


class Pools:
    """A bounded number of pools; the one that was not used for longest makes room.

    Args:
        policy: What may be dialled.
        resolver: Names to addresses.
        socket_factory: Opens the socket for an address that passed.
        extra_ca_pem: Private certificate authorities to trust as well, PEM.
        proxy: The operator's own; every request goes through it.
        dns_timeout: How long a lookup may take.
        at_most: How many pools may be open.
    """

    def __init__(
        self,
        policy: EgressPolicy,
        *,
        resolver: Resolver,
        socket_factory: SocketFactoryType,
        extra_ca_pem: str,
        proxy: Proxy | None,
        dns_timeout: timedelta,
        at_most: int,
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._socket_factory = socket_factory
        self._extra_ca_pem = extra_ca_pem
        self._proxy = proxy
        self._dns_timeout = dns_timeout
        self._at_most = at_most
        self._pools: OrderedDict[_Key, Pool] = OrderedDict()
        self._context = lru_cache(maxsize=at_most)(client_context)

    def enter(self, partition: str, route: Route, *, reuse: bool) -> Pool | None:
        """The pool for requests of ``partition`` on ``route``; `Pool.leave` ends the use.

        None when there is none yet; `open` opens it.
        """
        key = _key(partition, route, reuse=reuse)
        pool = self._pools.get(key)
        if pool is not None:
            self._pools.move_to_end(key)
            pool.users += 1
        return pool

    async def open(self, partition: str, route: Route, *, reuse: bool) -> Pool:
        """A new pool, already in use."""
        pool = self._new_pool(route, reuse=reuse)
        pool.users = 1
        self._pools[_key(partition, route, reuse=reuse)] = pool
        if len(self._pools) > self._at_most:
            oldest = self._pools.popitem(last=False)[1]
            oldest.retired = True
            if not oldest.users:
                await oldest.close()
        return pool

    async def aclose(self) -> None:
        """Closes every connection; requests that are under way fail."""
        while self._pools:
            await self._pools.popitem()[1].close()
        # One that was aborted, or whose TLS handshake failed, is gone after a turn of the loop.
        for _ in range(2):
            await asyncio.sleep(0)

    def __len__(self) -> int:
        return len(self._pools)

    def _new_pool(self, route: Route, *, reuse: bool) -> Pool:
        way, policy = self._way(route)
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(
                self._resolver, policy, self._dns_timeout, route.address_family
            ),
            use_dns_cache=False,
            socket_factory=partial(
                self._checked_socket, policy, route.address_family, way.host if way else ""
            ),
            ssl=self._context(
                self._extra_ca_pem + route.ca_pem, route.client_certificate, route.minimum_tls
            ),
            force_close=not reuse,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "User-Agent": USER_AGENT,
                "Accept-Encoding": ACCEPT_ENCODING,
                # The connection is closed all the same. But where the answer says so too, aiohttp's
                # parser takes nothing of it when more follows, such as the same answer again.
                **({} if reuse else {"Connection": "keep-alive"}),
            },
            auto_decompress=False,
            trust_env=False,
            middlewares=() if reuse else SEND_ONCE,
            response_class=Answer,
        )
        return Pool(session, way)

    def _way(self, route: Route) -> tuple[Way | None, EgressPolicy]:
        """The proxy that requests on ``route`` go through, and what may be dialled for them."""
        if route.proxy is not None:
            if self._policy.hosted:
                raise EgressBlocked(
                    "This installation chooses the proxy itself.",
                    rule="proxy",
                    address=route.proxy.url,
                    hint="Make the request without a proxy of its own.",
                )
            return way_through(route.proxy, self._policy), self._policy
        if self._proxy is not None:
            policy = reaching(self._proxy, self._policy)
            return way_through(self._proxy, policy), policy
        return None, self._policy

    def _checked_socket(
        self, policy: EgressPolicy, family: AddressFamily, proxy: str, address: AddrInfoType
    ) -> socket.socket:
        """The second wall: whatever aiohttp made of the host, this is what is really dialled."""
        exchange, dialled = under_way.get(), parse_address(address[4][0])
        exchange.is_new, host = True, proxy or exchange.host
        check_address(dialled, policy, host=host)
        if not is_of_family(dialled, family):
            raise not_of_family(host, family)
        return self._socket_factory(address)


_Key = tuple[str, Route | None, bool]


def _key(partition: str, route: Route, *, reuse: bool) -> _Key:
    # Connections that serve one request have nothing to share, so they need no partition.
    return partition if reuse else "", None if route is DIRECT else route, reuse


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request whose connection broke.

    A code in it is spent already, or a body that was read once.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise failed(request.url.host or "", "disconnected", sent=True) from None


SEND_ONCE: Final = (_send_once,)

"""Names to addresses: once for each new socket, every answer checked, nothing looked up again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from aiohttp.abc import AbstractResolver, ResolveResult

from grantline.errors import TransportFailed
from grantline.messages import AddressFamily
from grantline.net.address import Address
from grantline.net.guard import EgressPolicy, check_answers

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""A host name in, its IP addresses out; an empty answer or ``OSError`` when there is none."""

DNS_TIMEOUT: Final = timedelta(seconds=5)


async def system_resolver(host: str) -> Sequence[str]:
    """The addresses that this machine's resolver knows for ``host``, in its order."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class CheckedResolver(AbstractResolver):
    """What aiohttp is given as a resolver: only addresses that the policy allows come out.

    The addresses are dialled as they are, so a name that means something else a moment later
    (DNS rebinding) changes nothing.
    """

    def __init__(
        self,
        resolver: Resolver,
        policy: EgressPolicy,
        timeout: timedelta,
        family: AddressFamily = AddressFamily.ANY,
    ) -> None:
        self._resolver = resolver
        self._policy = policy
        self._timeout_s = timeout.total_seconds()
        self._family = family

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - aiohttp picks itself
    ) -> list[ResolveResult]:
        """Every address of ``host`` that is of the wanted family; all of them are allowed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answers = await self._resolver(host)
        except TimeoutError:
            raise _not_resolved(host, "dns_timeout", "did not come in time") from None
        except OSError:
            answers = ()
        if not answers:
            raise _not_resolved(host, "dns_failed", "could not be found")
        # All of them are checked, those that are left out as well.
        addresses = check_answers(host, answers, self._policy)
        wanted = [each for each in addresses if is_of_family(each, self._family)]
        if not wanted:
            raise not_of_family(host, self._family)
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in wanted
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def is_of_family(address: Address, family: AddressFamily) -> bool:
    """Whether ``address`` may be dialled where only ``family`` is wanted."""
    return family is AddressFamily.ANY or f"ipv{address.version}" == family


def not_of_family(host: str, family: AddressFamily) -> TransportFailed:
    """The failure of a request whose host has no address of the wanted ``family``."""
    return TransportFailed(
        f"{host} has no address of the kind that this request wants ({family}).",
        check="dns_failed",
        sent=False,
        hint="Allow both IPv4 and IPv6.",
    )


def _not_resolved(host: str, check: str, what: str) -> TransportFailed:
    return TransportFailed(
        f"The address of {host} {what}.",
        check=check,
        sent=False,
        hint="Check the host name for a typing error, then this machine's DNS.",
    )

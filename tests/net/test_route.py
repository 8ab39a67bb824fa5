"""How a request travels when it asks for something of its own."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import pytest
import trustme

from grantline.errors import EgressBlocked, TransportFailed
from grantline.messages import AddressFamily, HttpRequest, Route, TlsVersion
from grantline.net.guard import EgressPolicy
from grantline.net.transport import EgressTransport
from tests.net.test_transport import on_loopback, server_tls
from tests.recorder import Arrived, answer, recorder

pytestmark = pytest.mark.anyio

LOOPBACK = EgressPolicy.parse(allow_hosts=["127.0.0.1", "::1", "api.example"])


async def test_an_authority_is_trusted_by_the_request_that_brings_it_alone() -> None:
    authority = trustme.CA()
    pem = authority.cert_pem.bytes().decode()
    async with (
        recorder(tls=server_tls(authority, "api.example")) as server,
        EgressTransport(LOOPBACK, resolver=on_loopback) as transport,
    ):
        url = server.url(scheme="https", host="api.example")
        assert (
            await transport.send(HttpRequest("GET", url, route=Route(ca_pem=pem)))
        ).status == 200
        with pytest.raises(TransportFailed) as caught:
            await transport.send(HttpRequest("GET", url))
    assert caught.value.check == "tls"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("minimum", "server_speaks", "spoken"),
    [
        (TlsVersion.TLS_1_2, ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        (TlsVersion.TLS_1_2, ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        (TlsVersion.TLS_1_3, ssl.TLSVersion.TLSv1_3, "TLSv1.3"),
        (TlsVersion.TLS_1_3, ssl.TLSVersion.TLSv1_2, None),
        (TlsVersion.TLS_1_2, ssl.TLSVersion.TLSv1_1, None),
    ],
)
async def test_nothing_older_than_the_wanted_tls_is_spoken(
    minimum: TlsVersion, server_speaks: ssl.TLSVersion, spoken: str | None
) -> None:
    authority = trustme.CA()
    tls = server_tls(authority, "api.example")
    tls.set_ciphers("ALL:@SECLEVEL=0")
    tls.minimum_version = ssl.TLSVersion.TLSv1_1
    tls.maximum_version = server_speaks
    seen: list[str] = []

    async def play(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("ssl_object").version())
        writer.write(answer())

    route = Route(ca_pem=authority.cert_pem.bytes().decode(), minimum_tls=minimum)
    async with (
        recorder(play, tls=tls) as server,
        EgressTransport(LOOPBACK, resolver=on_loopback) as transport,
    ):
        url = server.url(scheme="https", host="api.example")
        request = HttpRequest("GET", url, route=route)
        if spoken is None:
            with pytest.raises(TransportFailed):
                await transport.send(request)
        else:
            await transport.send(request)
    assert seen == ([] if spoken is None else [spoken])


@pytest.mark.parametrize(
    ("family", "wanted"),
    [(AddressFamily.IPV4, "127.0.0.1"), (AddressFamily.IPV6, "::1")],
)
async def test_only_addresses_of_the_wanted_family_are_dialled(
    family: AddressFamily, wanted: str
) -> None:
    dialled: list[str] = []

    def open_socket(address: Any) -> socket.socket:
        dialled.append(address[4][0])
        raise OSError

    async def both(_host: str) -> list[str]:
        return ["127.0.0.1", "::1"]

    transport = EgressTransport(LOOPBACK, resolver=both, socket_factory=open_socket)
    async with transport:
        request = HttpRequest("GET", "https://api.example/", route=Route(address_family=family))
        with pytest.raises(TransportFailed):
            await transport.send(request)
    assert dialled == [wanted]


@pytest.mark.parametrize("url", ["https://api.example/", "https://127.0.0.1/"])
async def test_a_host_without_an_address_of_the_family_is_said_plainly(url: str) -> None:
    route = Route(address_family=AddressFamily.IPV6)
    async with EgressTransport(LOOPBACK, resolver=on_loopback) as transport:
        with pytest.raises(TransportFailed, match="ipv6") as caught:
            await transport.send(HttpRequest("GET", url, route=route))
    assert (caught.value.check, caught.value.sent) == ("dns_failed", False)


async def test_the_addresses_that_are_left_out_are_checked_as_well() -> None:
    async def mixed(_host: str) -> list[str]:
        return ["93.184.216.34", "fd00::1"]

    route = Route(address_family=AddressFamily.IPV4)
    async with EgressTransport(resolver=mixed) as transport:
        with pytest.raises(EgressBlocked):
            await transport.send(HttpRequest("GET", "https://evil.example/", route=route))

"""The transport against nginx and Tinyproxy: certificates, uploads, ranges, a tunnel."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization import load_pem_private_key as load_key
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from cryptography.x509 import load_pem_x509_certificate

from grantline.errors import TransportFailed
from grantline.messages import (
    ClientCertificate,
    HttpRequest,
    HttpResponse,
    Proxy,
    Route,
    TlsVersion,
)
from grantline.net.certificates import certificate_from_pem, certificate_from_pkcs12
from grantline.net.guard import EgressPolicy
from grantline.net.transport import EgressTransport
from grantline.secret import Secret
from tests.peers.ends import PROXY_PASSWORD, PROXY_USER, Nginx, Tinyproxy
from tests.recorder import ended
from tests.sources import ListSource, drained

pytestmark = [pytest.mark.anyio, pytest.mark.peers]

POLICY = EgressPolicy.parse(allow_hosts=["127.0.0.1", "localhost"])
MEGABYTE = b"0123456789abcdef" * 65536
PASSWORD = Secret("of the bundle")


@pytest.fixture
async def transport() -> AsyncIterator[EgressTransport]:
    async with EgressTransport(POLICY) as transport:
        yield transport


def pem_certificate(issued: trustme.LeafCert) -> ClientCertificate:
    return certificate_from_pem(
        b"".join(each.bytes() for each in issued.cert_chain_pems).decode(),
        Secret(issued.private_key_pem.bytes().decode()),
    )


def bundled_certificate(issued: trustme.LeafCert) -> ClientCertificate:
    data = serialize_key_and_certificates(
        b"ours",
        load_key(issued.private_key_pem.bytes(), None),  # type: ignore[arg-type]
        load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()),
        None,
        BestAvailableEncryption(PASSWORD.reveal().encode()),
    )
    return certificate_from_pkcs12(data, PASSWORD)


async def get(transport: EgressTransport, url: str, route: Route) -> HttpResponse:
    return await transport.send(HttpRequest("GET", url, route=route))


@pytest.mark.parametrize("read", [pem_certificate, bundled_certificate], ids=["PEM", "PKCS#12"])
async def test_nginx_knows_who_comes_with_a_client_certificate(
    nginx: Nginx, transport: EgressTransport, read: object
) -> None:
    assert callable(read)
    certificate = read(nginx.authority.issue_cert("client.example", common_name="ada"))
    route = Route(client_certificate=certificate, ca_pem=nginx.ca_pem)
    who = await get(transport, nginx.tls_url + "/who", route)
    assert who.body == b"TLSv1.3 SUCCESS CN=ada,OU=" + who.body.rpartition(b"OU=")[2]
    assert (await get(transport, nginx.tls_url + "/members", route)).body == b"welcome"


async def test_nginx_lets_nobody_else_in(nginx: Nginx, transport: EgressTransport) -> None:
    stranger = pem_certificate(trustme.CA().issue_cert("client.example"))
    nobody = Route(ca_pem=nginx.ca_pem)
    assert (await get(transport, nginx.tls_url + "/members", nobody)).status == 403
    with_other = Route(client_certificate=stranger, ca_pem=nginx.ca_pem)
    # nginx answers a certificate that it cannot verify with 400 of its own.
    assert (await get(transport, nginx.tls_url + "/members", with_other)).status == 400


async def test_nginx_is_not_trusted_without_its_authority(
    nginx: Nginx, transport: EgressTransport
) -> None:
    with pytest.raises(TransportFailed) as caught:
        await get(transport, nginx.tls_url + "/who", Route())
    assert (caught.value.check, caught.value.sent) == ("tls", False)


@pytest.mark.parametrize(
    ("minimum", "spoken"), [(TlsVersion.TLS_1_2, b"TLSv1.2"), (TlsVersion.TLS_1_3, None)]
)
async def test_an_nginx_that_stops_at_tls_1_2_is_asked_only_where_that_is_enough(
    nginx: Nginx, transport: EgressTransport, minimum: TlsVersion, spoken: bytes | None
) -> None:
    route = Route(ca_pem=nginx.ca_pem, minimum_tls=minimum)
    if spoken is None:
        with pytest.raises(TransportFailed):
            await get(transport, nginx.old_tls_url, route)
    else:
        assert (await get(transport, nginx.old_tls_url, route)).body == spoken


@pytest.mark.parametrize("size", [len(MEGABYTE) * 8, None], ids=["with a length", "in chunks"])
async def test_an_upload_lands_on_the_disk_byte_for_byte(
    nginx: Nginx, transport: EgressTransport, size: int | None
) -> None:
    source = ListSource([MEGABYTE] * 8, size=size)
    request = HttpRequest("PUT", nginx.url + f"/uploads/{size}.bin", body=source)
    assert (await transport.send(request)).status in {201, 204}
    landed = (nginx.files / "uploads" / f"{size}.bin").read_bytes()
    assert hashlib.sha256(landed).digest() == hashlib.sha256(source.data).digest()


async def test_an_upload_that_nginx_finds_too_large_is_answered(
    nginx: Nginx, transport: EgressTransport
) -> None:
    source = ListSource([MEGABYTE] * 8, size=len(MEGABYTE) * 8)
    request = HttpRequest("PUT", nginx.url + "/small/a.bin", body=source)
    assert (await transport.send(request)).status == 413


async def test_a_coded_answer_streams_decoded(nginx: Nginx, transport: EgressTransport) -> None:
    (nginx.files / "coded" / "a.bin").write_bytes(MEGABYTE)
    async with transport.stream(HttpRequest("GET", nginx.url + "/coded/a.bin")) as answer:
        assert answer.header("Content-Encoding") == "gzip"
        assert await drained(answer.chunks) == MEGABYTE


async def test_a_tunnel_leads_to_nginx_and_the_proxy_sees_nothing_of_the_request(
    nginx: Nginx, tinyproxy: Tinyproxy
) -> None:
    proxy = Proxy(f"http://127.0.0.1:{tinyproxy.port}", PROXY_USER, Secret(PROXY_PASSWORD))
    route = Route(ca_pem=nginx.ca_pem)
    async with EgressTransport(POLICY, proxy=proxy) as transport:
        who = await get(transport, nginx.tls_url + "/who?canary-in-the-query", route)
    assert who.body.startswith(b"TLSv1.3 NONE")
    log = tinyproxy.log.read_text()
    assert f"CONNECT {nginx.tls_url.removeprefix('https://')}" in log
    assert "canary" not in log
    # What nginx wrote down came through the proxy, and says nothing of its password.
    assert PROXY_PASSWORD not in (nginx.files.parent / "access.log").read_text()


@pytest.mark.parametrize("password", ["wrong", ""])
async def test_the_proxy_wants_its_password(
    nginx: Nginx, tinyproxy: Tinyproxy, password: str
) -> None:
    proxy = Proxy(f"http://127.0.0.1:{tinyproxy.port}", PROXY_USER, Secret(password))
    async with EgressTransport(POLICY, proxy=proxy) as transport:
        with pytest.raises(TransportFailed) as caught:
            await get(transport, nginx.tls_url + "/who", Route(ca_pem=nginx.ca_pem))
    assert (caught.value.check, caught.value.sent) == ("proxy", False)


async def test_the_proxy_refuses_ports_that_are_not_on_its_list(
    nginx: Nginx, tinyproxy: Tinyproxy
) -> None:
    proxy = Proxy(f"http://127.0.0.1:{tinyproxy.port}", PROXY_USER, Secret(PROXY_PASSWORD))
    async with EgressTransport(POLICY, proxy=proxy) as transport:
        with pytest.raises(TransportFailed) as caught:
            await get(transport, nginx.old_tls_url, Route(ca_pem=nginx.ca_pem))
    assert caught.value.check == "proxy"


async def test_a_certificate_does_not_hang_on_to_a_connection_of_somebody_else(
    nginx: Nginx, transport: EgressTransport
) -> None:
    """Two certificates and none, in turn, in one partition."""
    seen = []
    names = ("ada", "bob", None, "ada")
    issued = {
        name: pem_certificate(nginx.authority.issue_cert("c.example", common_name=name))
        for name in ("ada", "bob")
    }
    for name in names:
        route = Route(client_certificate=issued.get(name or ""), ca_pem=nginx.ca_pem)
        body = (await get(transport, nginx.tls_url + "/who", route)).body.decode()
        seen.append(next((each for each in issued if f"CN={each}" in body), None))
    assert tuple(seen) == names


async def test_a_server_that_stops_in_the_middle_of_a_handshake_is_no_success(
    nginx: Nginx,
) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read(100)
        await ended(writer)

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with EgressTransport(POLICY) as transport:
            with pytest.raises(TransportFailed) as caught:
                await get(transport, f"https://localhost:{port}/", Route(ca_pem=nginx.ca_pem))
    assert caught.value.sent is False

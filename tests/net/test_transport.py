"""The transport over real sockets: what leaves, what comes back, and what is refused on the way."""

import asyncio
import gzip
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import trustme

from grantline.errors import EgressBlocked, GrantlineError, LimitExceeded, TransportFailed
from grantline.messages import DIRECT, ClientCertificate, HttpRequest, HttpResponse, Route
from grantline.net.address import parse_address
from grantline.net.guard import PUBLIC_INTERNET, EgressPolicy
from grantline.net.transport import API_LIMITS, OAUTH_LIMITS, EgressTransport, Limits
from grantline.secret import Secret
from tests.recorder import Arrived, Recorder, recorder

pytestmark = pytest.mark.anyio

LOOPBACK = EgressPolicy.parse(allow_hosts=["127.0.0.1", "localhost", "api.example"])
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
VALID, EXPIRED, TRUSTED, UNKNOWN = "valid", "expired", "trusted", "unknown"
TINY = timedelta(milliseconds=100)


async def on_loopback(_host: str) -> list[str]:
    return ["127.0.0.1"]


async def get(
    server: Recorder, *, limits: Limits = API_LIMITS, policy: EgressPolicy = LOOPBACK
) -> HttpResponse:
    async with EgressTransport(policy) as transport:
        return await transport.send(HttpRequest("GET", server.url()), limits=limits)


async def failure(server: Recorder, *, limits: Limits = API_LIMITS) -> GrantlineError:
    with pytest.raises(GrantlineError) as caught:
        await get(server, limits=limits)
    return caught.value


async def test_what_was_given_is_what_leaves() -> None:
    async with recorder(OK) as server, EgressTransport(LOOPBACK) as transport:
        request = HttpRequest(
            "POST",
            server.url("/a/../b%2Fc?q=\u00e9&f[x]=1"),
            (("X-One", "1"), ("Authorization", "Bearer t"), ("X-One", "2")),
            b"body",
        )
        response = await transport.send(request)
    head = server.arrived[0].head.split("\r\n")
    assert head[0] == "POST /a/../b%2Fc?q=%C3%A9&f%5Bx%5D=1 HTTP/1.1"
    assert [line for line in head if line.startswith("X-One")] == ["X-One: 1", "X-One: 2"]
    assert "Content-Length: 4" in head
    assert not any(line.startswith(("Content-Type", "Cookie")) for line in head)
    assert any(line.startswith("User-Agent: Grantline/") for line in head)
    assert (response.status, response.body) == (200, b"ok")
    assert response.header("content-length") == "2"


async def test_repeated_response_headers_all_come_back_with_lower_case_names() -> None:
    play = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"
    async with recorder(play) as server:
        assert (await get(server)).headers[:2] == (("x-a", "1"), ("x-a", "2"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_response(status: int) -> None:
    play = f"HTTP/1.1 {status} Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n".encode()
    async with recorder(play) as server:
        assert (await get(server)).status == status
        assert len(server.arrived) == 1


async def test_interim_answers_are_passed_over() -> None:
    async with recorder(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK) as server:
        assert (await get(server)).body == b"ok"


async def test_a_coded_body_is_decoded_within_the_limit() -> None:
    coded = gzip.compress(b"x" * 100_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(coded)}\r\n\r\n"
    async with recorder(head.encode() + coded) as server:
        assert (await get(server)).body == b"x" * 100_000
        error = await failure(server, limits=Limits(response_bytes=99_999))
        assert isinstance(error, LimitExceeded)
        assert error.limit == "response_bytes"


@pytest.mark.parametrize(
    ("play", "check"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "truncated"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n", "truncated"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip", "content_decoding"),
        (b"", "disconnected"),
        (b"\x15\x03\x01\x00\x02\x02\x28\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "malformed"),
    ],
)
@pytest.mark.parametrize("limits", [API_LIMITS, OAUTH_LIMITS])
async def test_a_broken_answer_is_a_failure_after_sending(
    play: bytes, check: str, limits: Limits
) -> None:
    async def once(_: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(play)
        await writer.drain()
        writer.close()

    async with recorder(once) as server:
        error = await failure(server, limits=limits)
    assert isinstance(error, TransportFailed)
    assert (error.check, error.sent) == (check, True)


@pytest.mark.parametrize("header", ["X: " + "y" * 70_000, "\r\n".join(["X: " + "y" * 999] * 70)])
async def test_headers_are_limited_one_by_one_and_together(header: str) -> None:
    play = f"HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: 0\r\n\r\n".encode()
    async with recorder(play) as server:
        error = await failure(server)
    assert isinstance(error, LimitExceeded)
    assert error.limit == "header_bytes"


async def test_a_drip_does_not_outlive_the_one_deadline() -> None:
    async def drip(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with recorder(drip) as server:
        error = await failure(server, limits=Limits(total=TINY))
    assert isinstance(error, TransportFailed)
    assert (error.check, error.sent) == ("timeout", True)


async def test_a_refused_connection_was_not_sent() -> None:
    async with recorder(OK) as server:
        pass
    error = await failure(server)
    assert isinstance(error, TransportFailed)
    assert (error.check, error.sent) == ("connect", False)


async def test_a_handshake_that_hangs_was_not_sent() -> None:
    # A server that speaks no TLS waits for the rest of a request that never comes.
    async with recorder(OK) as server, EgressTransport(LOOPBACK) as transport:
        request = HttpRequest("GET", server.url(scheme="https"))
        with pytest.raises(TransportFailed) as caught:
            await transport.send(request, limits=Limits(connect=TINY))
    assert (caught.value.check, caught.value.sent) == ("connect", False)


async def test_an_oauth_request_is_sent_once_on_a_connection_of_its_own() -> None:
    async with recorder(OK) as server, EgressTransport(LOOPBACK) as transport:
        for _ in range(2):
            await transport.send(HttpRequest("GET", server.url()), limits=OAUTH_LIMITS)
    assert server.connections == 2

    async def hang_up(_: Arrived, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with recorder(hang_up) as server:
        await failure(server, limits=OAUTH_LIMITS)
        assert len(server.arrived) == 1


async def test_partitions_share_no_connection_and_one_partition_reuses_its_own() -> None:
    async with recorder(OK) as server, EgressTransport(LOOPBACK) as transport:
        for partition in ("con_a", "con_b", "con_a", "con_b"):
            await transport.send(HttpRequest("GET", server.url()), partition=partition)
    assert server.connections == 2


async def test_pools_are_bounded_and_a_pool_in_use_lives_until_it_is_done() -> None:
    all_there = asyncio.Barrier(3)

    async def play(_: Arrived, writer: asyncio.StreamWriter) -> None:
        await all_there.wait()
        writer.write(OK)

    async with recorder(play) as server, EgressTransport(LOOPBACK, max_pools=1) as transport:
        request = HttpRequest("GET", server.url())
        responses = await asyncio.gather(
            *(transport.send(request, partition=name) for name in ("con_a", "con_b", "con_c"))
        )
        assert len(transport._pools) == 1  # noqa: SLF001
    assert [response.body for response in responses] == [b"ok"] * 3


async def test_cookies_are_not_kept() -> None:
    play = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"
    async with recorder(play) as server, EgressTransport(LOOPBACK) as transport:
        for _ in range(2):
            await transport.send(HttpRequest("GET", server.url()))
    assert not any(each.header("Cookie") for each in server.arrived)


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with recorder(OK) as server:
        assert (await get(server)).body == b"ok"


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (HttpRequest("GET", "http://127.0.0.1/", (("Host", "metadata"),)), "reserved_header"),
        (HttpRequest("GET", "http://127.0.0.1/", (("X", "a\r\nY: b"),)), "header_value"),
        (HttpRequest("GET", "http://127.0.0.1/", (("X ", "a"),)), "header_name"),
        (HttpRequest("CONNECT", "http://127.0.0.1/"), "method"),
        (HttpRequest("GET", "http://127.0.0.1\\@api.example/"), "bad_character"),
        (HttpRequest("GET", "http://10.0.0.1/"), "ip_private"),
        (HttpRequest("GET", "http://public.example/"), "plaintext"),
    ],
)
async def test_the_guard_stands_in_front_of_every_send(request_: HttpRequest, rule: str) -> None:
    async with EgressTransport(LOOPBACK) as transport:
        for _ in range(2):  # a refusal is not remembered as a pass
            with pytest.raises(EgressBlocked) as caught:
                await transport.send(request_)
            assert caught.value.rule == rule


async def test_no_socket_is_opened_for_an_address_that_is_refused() -> None:
    opened: list[object] = []

    def open_socket(address: object) -> object:
        opened.append(address)
        raise OSError

    async def mixed(_host: str) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    transport = EgressTransport(PUBLIC_INTERNET, resolver=mixed, socket_factory=open_socket)  # type: ignore[arg-type]
    async with transport:
        with pytest.raises(EgressBlocked) as caught:
            await transport.send(HttpRequest("GET", "https://evil.example/"))
    assert caught.value.rule == "ip_loopback"
    assert opened == []


async def test_the_address_is_checked_again_where_it_is_dialled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Stands for a name whose address got past the resolver.
    monkeypatch.setattr(
        "grantline.net.resolver.check_answers",
        lambda _host, answers, _policy: [parse_address(each) for each in answers],
    )
    async with EgressTransport(PUBLIC_INTERNET, resolver=on_loopback) as transport:
        with pytest.raises(EgressBlocked) as caught:
            await transport.send(HttpRequest("GET", "https://api2.example/"))
    assert caught.value.rule == "ip_loopback"


@pytest.mark.parametrize("answers", [[], OSError()])
async def test_a_name_without_an_address_is_said_plainly(answers: list[str] | OSError) -> None:
    async def resolver(_host: str) -> list[str]:
        if isinstance(answers, OSError):
            raise answers
        return answers

    async with EgressTransport(resolver=resolver) as transport:
        with pytest.raises(TransportFailed) as caught:
            await transport.send(HttpRequest("GET", "https://nx.example/"))
    assert (caught.value.check, caught.value.sent) == ("dns_failed", False)


async def test_a_lookup_has_a_deadline_of_its_own() -> None:
    async def never(_host: str) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with EgressTransport(resolver=never, dns_timeout=TINY) as transport:
        with pytest.raises(TransportFailed) as caught:
            await transport.send(HttpRequest("GET", "https://slow.example/"))
    assert caught.value.check == "dns_timeout"


async def test_failures_show_no_query_and_no_token() -> None:
    async with recorder(b"\r\nnonsense\r\n\r\n") as server, EgressTransport(LOOPBACK) as transport:
        request = HttpRequest(
            "GET", server.url("/?access_token=canary"), (("Authorization", "Bearer canary"),)
        )
        with pytest.raises(TransportFailed) as caught:
            await transport.send(request)
    error = caught.value
    assert "canary" not in f"{error!r} {error} {error.detail} {error.hint}"


def server_tls(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    end = datetime(2001, 1, 1, tzinfo=UTC) if expired else None
    start = datetime(2000, 1, 1, tzinfo=UTC) if expired else None
    certificate = authority.issue_cert(*names, not_before=start, not_after=end)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def ask_tls(
    authority: trustme.CA, tls: ssl.SSLContext, *, trusted: bool = True, host: str = "api.example"
) -> HttpResponse:
    pem = authority.cert_pem.bytes().decode() if trusted else ""
    transport = EgressTransport(LOOPBACK, resolver=on_loopback, extra_ca_pem=pem)
    async with recorder(OK, tls=tls) as server, transport:
        return await transport.send(HttpRequest("GET", server.url(scheme="https", host=host)))


@pytest.mark.parametrize("host", ["api.example", "127.0.0.1"])
async def test_a_private_authority_can_be_trusted(host: str) -> None:
    authority = trustme.CA()
    assert (await ask_tls(authority, server_tls(authority, host), host=host)).body == b"ok"


@pytest.mark.parametrize(
    ("name", "validity", "authority_is"),
    [
        ("api.example", VALID, UNKNOWN),
        ("api.example", EXPIRED, TRUSTED),
        ("other.example", VALID, TRUSTED),
    ],
)
async def test_a_certificate_that_proves_nothing_ends_it_before_anything_is_sent(
    name: str, validity: str, authority_is: str
) -> None:
    authority = trustme.CA()
    tls = server_tls(authority, name, expired=validity == EXPIRED)
    with pytest.raises(TransportFailed) as caught:
        await ask_tls(authority, tls, trusted=authority_is == TRUSTED)
    assert (caught.value.check, caught.value.sent) == ("tls", False)


async def test_a_client_certificate_is_presented_only_by_the_request_that_has_it() -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("client.example")
    certificate = ClientCertificate(
        certificate_pem=b"".join(each.bytes() for each in issued.cert_chain_pems).decode(),
        private_key_pem=Secret(issued.private_key_pem.bytes().decode()),
    )
    tls = server_tls(authority, "api.example")
    tls.verify_mode = ssl.CERT_OPTIONAL
    authority.configure_trust(tls)
    presented: list[bool] = []

    async def play(_: Arrived, writer: asyncio.StreamWriter) -> None:
        presented.append(bool(writer.get_extra_info("peercert")))
        writer.write(OK)

    pem = authority.cert_pem.bytes().decode()
    transport = EgressTransport(LOOPBACK, resolver=on_loopback, extra_ca_pem=pem)
    async with recorder(play, tls=tls) as server, transport:
        plain = HttpRequest("GET", server.url(scheme="https", host="api.example"))
        for request in (replace(plain, route=Route(client_certificate=certificate)), plain):
            await transport.send(request, partition="con_a")
    assert presented == [True, False]


async def test_the_engine_is_configured_as_promised() -> None:
    async with recorder(OK) as server, EgressTransport(LOOPBACK) as transport:
        await transport.send(HttpRequest("GET", server.url()))
        pool = transport._pools.enter("", DIRECT, reuse=True)  # noqa: SLF001
        assert pool is not None
        assert not pool.session.trust_env
        assert isinstance(pool.session.cookie_jar, aiohttp.DummyCookieJar)

"""Going out through a proxy: tunnels and open requests, and what each side gets to see."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
import trustme

from grantline.errors import EgressBlocked, InvalidInput, TransportFailed
from grantline.messages import HttpRequest, Proxy, Route
from grantline.net.guard import PUBLIC_INTERNET, EgressPolicy
from grantline.net.proxy import parse_proxy
from grantline.net.transport import API_LIMITS, EgressTransport
from grantline.secret import Secret
from tests.net.test_transport import server_tls
from tests.recorder import Arrived, answer, ended, recorder

pytestmark = pytest.mark.anyio

LOOPBACK = EgressPolicy.parse(allow_hosts=["127.0.0.1", "localhost"])
PLAIN_API = EgressPolicy.parse(allow_hosts=["127.0.0.1"], allow_plain=["api.example"])
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
CANARY = "proxy-canary-8c1d"
AUTHORIZATION = "Proxy-Authorization: Basic dXNlcjpwcm94eS1jYW5hcnktOGMxZA=="


@dataclass
class Tunnel:
    """A CONNECT proxy that leads everywhere to one port on loopback."""

    to: int
    said: bytes
    port: int = 0
    heads: list[str] = field(default_factory=list)

    def proxy(self, username: str, password: str) -> Proxy:
        return Proxy(f"http://127.0.0.1:{self.port}", username, Secret(password))


@asynccontextmanager
async def tunnel(to: int, said: bytes = ESTABLISHED) -> AsyncIterator[Tunnel]:
    running = Tunnel(to, said)
    tasks: set[asyncio.Task[None]] = set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError, asyncio.IncompleteReadError):
            running.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(running.said)
            there, back = await asyncio.open_connection("127.0.0.1", running.to)
            try:
                await asyncio.gather(copy(reader, back), copy(there, writer))
            finally:
                await ended(back)
        await ended(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        await server.wait_closed()


@pytest.mark.parametrize("own", [True, False], ids=["of the operator", "of the request"])
async def test_https_goes_through_a_tunnel_that_learns_the_host_alone(*, own: bool) -> None:
    authority = trustme.CA()
    pem = authority.cert_pem.bytes().decode()
    async with (
        recorder(tls=server_tls(authority, "api.example")) as server,
        tunnel(server.port) as way,
    ):
        proxy = way.proxy("user", CANARY)
        policy = PUBLIC_INTERNET if own else EgressPolicy.parse(allow_hosts=["127.0.0.1"])
        request = HttpRequest(
            "GET",
            "https://api.example/secret?token=t",
            (("Authorization", "Bearer t"),),
            route=Route(ca_pem=pem, proxy=None if own else proxy),
        )
        async with EgressTransport(policy, proxy=proxy if own else None) as transport:
            for _ in range(2):
                assert (await transport.send(request)).body == b"ok"
    (head,) = way.heads  # the tunnel is kept and used again
    assert head.startswith("CONNECT api.example:443 HTTP/1.1\r\n")
    assert AUTHORIZATION in head
    assert "token" not in head.lower()
    assert "Bearer" not in head
    assert len(server.arrived) == 2
    for arrived in server.arrived:
        assert arrived.target == "/secret?token=t"
        assert CANARY not in arrived.head
        assert not any(line.lower().startswith("proxy-") for line in arrived.lines)


async def test_http_is_asked_of_the_proxy_with_the_whole_url() -> None:
    async with recorder() as proxy, EgressTransport(PLAIN_API) as transport:
        way = Proxy(f"http://127.0.0.1:{proxy.port}", "user", Secret(CANARY))
        request = HttpRequest("GET", "http://api.example/a?b=c", route=Route(proxy=way))
        for _ in range(2):
            assert (await transport.send(request)).url == "http://api.example/a?b=c"
    assert proxy.connections == 1
    for arrived in proxy.arrived:
        assert arrived.target == "http://api.example/a?b=c"
        assert (arrived.header("Host"), arrived.lines.count(AUTHORIZATION)) == ("api.example", 1)


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://169.254.169.254/", "ip_link_local"),
        ("https://10.0.0.1/", "ip_private"),
        ("https://db.internal/", "host_denied"),
        ("http://api.example/", "plaintext"),
        ("https://api.example:25/", "blocked_port"),
    ],
)
async def test_urls_are_checked_before_the_proxy_is_asked(url: str, rule: str) -> None:
    async with recorder() as proxy:
        way = Proxy(f"http://127.0.0.1:{proxy.port}")
        async with EgressTransport(LOOPBACK, proxy=way) as transport:
            with pytest.raises(EgressBlocked) as caught:
                await transport.send(HttpRequest("GET", url))
    assert caught.value.rule == rule
    assert proxy.connections == 0


@pytest.mark.parametrize(
    ("proxy", "rule"),
    [
        ("http://127.0.0.1:3128", "ip_loopback"),
        ("http://10.0.0.1:3128", "ip_private"),
        ("http://proxy.internal:3128", "host_denied"),
        ("http://proxy.example:22", "blocked_port"),
        ("http://rebound.example:3128", "ip_loopback"),
    ],
)
async def test_a_proxy_of_a_request_is_a_place_like_any_other(proxy: str, rule: str) -> None:
    async def resolver(_host: str) -> list[str]:
        return ["127.0.0.1"]

    async with EgressTransport(PUBLIC_INTERNET, resolver=resolver) as transport:
        request = HttpRequest("GET", "https://api.example/", route=Route(proxy=Proxy(proxy)))
        with pytest.raises(EgressBlocked) as caught:
            await transport.send(request)
    assert caught.value.rule == rule


@pytest.mark.parametrize("proxy", ["http://169.254.169.254:80", "http://metadata.google.internal"])
async def test_not_even_the_operator_makes_a_proxy_of_a_metadata_service(proxy: str) -> None:
    async with EgressTransport(LOOPBACK, proxy=Proxy(proxy)) as transport:
        with pytest.raises(EgressBlocked):
            await transport.send(HttpRequest("GET", "https://api.example/"))


@pytest.mark.parametrize("own", [Proxy("http://127.0.0.1:9"), None])
async def test_a_hosted_installation_chooses_the_proxy_itself(own: Proxy | None) -> None:
    hosted = EgressPolicy.parse(hosted=True)
    request = HttpRequest(
        "GET", "https://api.example/", route=Route(proxy=Proxy("http://p.example:3128"))
    )
    async with EgressTransport(hosted, proxy=own) as transport:
        with pytest.raises(EgressBlocked) as caught:
            await transport.send(request)
    assert caught.value.rule == "proxy"


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_a_proxy_that_opens_no_tunnel_is_named_and_nothing_was_sent(said: bytes) -> None:
    async with (
        recorder() as server,
        tunnel(server.port, said) as way,
        EgressTransport(LOOPBACK, proxy=way.proxy("u", CANARY)) as transport,
    ):
        with pytest.raises(TransportFailed) as caught:
            await transport.send(HttpRequest("GET", "https://api.example/?t=canary"))
    error = caught.value
    assert (error.check, error.sent) == ("proxy", False)
    assert not {"canary", CANARY} & set(f"{error!r} {error} {error.detail} {error.hint}".split())


async def test_a_proxy_that_wants_a_password_for_an_open_request_is_named() -> None:
    async with recorder(answer(407)) as proxy, EgressTransport(PLAIN_API) as transport:
        route = Route(proxy=Proxy(f"http://127.0.0.1:{proxy.port}"))
        with pytest.raises(TransportFailed) as caught:
            await transport.send(HttpRequest("GET", "http://api.example/", route=route))
    assert caught.value.check == "proxy"


async def test_a_proxy_that_is_not_there_is_named() -> None:
    async with recorder() as gone:
        way = Proxy(f"http://127.0.0.1:{gone.port}")
    async with EgressTransport(LOOPBACK, proxy=way) as transport:
        with pytest.raises(TransportFailed) as caught:
            await transport.send(HttpRequest("GET", "https://api.example/"))
    assert (caught.value.check, caught.value.sent) == ("proxy", False)


async def test_a_proxy_that_says_nothing_meets_the_deadline_for_connecting() -> None:
    async def silent(_request: Arrived, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    limits = replace(API_LIMITS, connect=timedelta(milliseconds=50))
    async with recorder(silent) as proxy:
        way = Proxy(f"http://127.0.0.1:{proxy.port}")
        async with EgressTransport(LOOPBACK, proxy=way) as transport:
            with pytest.raises(TransportFailed) as caught:
                await transport.send(HttpRequest("GET", "https://api.example/"), limits=limits)
    assert (caught.value.check, caught.value.sent) == ("connect", False)


@pytest.mark.parametrize(
    ("text", "proxy"),
    [
        ("http://proxy.example:3128", Proxy("http://proxy.example:3128")),
        ("http://proxy.example", Proxy("http://proxy.example")),
        ("http://a:b%40c@[::1]:8080/", Proxy("http://[::1]:8080", "a", Secret("b@c"))),
    ],
)
def test_a_proxy_is_read_from_one_line(text: str, proxy: Proxy) -> None:
    assert parse_proxy(text, field="GRANTLINE_PROXY") == proxy


@pytest.mark.parametrize(
    "text",
    [
        "proxy.example:3128",
        "https://proxy.example:3128",
        "socks5://proxy.example:1080",
        "http://",
        "http://proxy.example:3128/path",
        "http://proxy.example:99999",
        f"http://us%0Aer:{CANARY}@proxy.example",
        f"http://us%3Aer:{CANARY}@proxy.example",
        f"http://[user:{CANARY}@proxy.example",
    ],
)
def test_what_is_no_proxy_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_proxy(text, field="GRANTLINE_PROXY")
    assert caught.value.field == "GRANTLINE_PROXY"
    assert CANARY not in f"{caught.value} {caught.value!r} {caught.value.hint}"


def test_a_proxy_does_not_show_its_password() -> None:
    assert CANARY not in repr(Route(proxy=Proxy("http://p.example", "user", Secret(CANARY))))

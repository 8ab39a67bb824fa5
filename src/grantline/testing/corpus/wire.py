"""An internet on loopback: names, addresses and servers as a case wants them, over real sockets.

Everything above the socket is real: the URL is parsed, the name resolved, the address checked, the
TLS certificate verified, HTTP spoken. Only the last step is bent: whatever address is dialled, the
bytes go to a server in this process, and `Wire` remembers which address it was.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

from grantline.net.guard import EgressPolicy
from grantline.net.resolver import DNS_TIMEOUT
from grantline.net.transport import EgressTransport
from grantline.testing.corpus.certificates import Authority
from grantline.url import Url

PUBLIC_ADDRESS: Final = "93.184.216.34"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived, and the connection it came on."""

    origin: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    def carries(self, text: str) -> bool:
        """Whether ``text`` is anywhere in the request."""
        return (
            text in self.target
            or text in self.body.decode("latin-1")
            or any(text in value for value in self.headers.values())
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says. ``pause_s`` is the wait before each byte of the body."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"{}"
    pause_s: float = 0


@dataclass(slots=True, kw_only=True)
class Wire:
    """The network of one case. An async context manager.

    Attributes:
        urls: The origins that servers answer for.
        answer: What they say to a request.
        dns: Name to one list of addresses for each lookup, the last for all that follow; a name
            that is missing has a public address.
        dns_delay: How long a lookup takes.
        expired: Whether the certificates are.
        certificate_names: Names in them; None means the hosts of ``urls``.
        seen: The requests that arrived.
        dialled: The addresses that were dialled.
        lookups: The names that were looked up.
    """

    urls: Iterable[Url]
    answer: Callable[[Seen], Answer] = lambda _seen: Answer()
    dns: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    dns_delay: timedelta = timedelta(0)
    expired: bool = False
    certificate_names: Sequence[str] | None = None
    seen: list[Seen] = field(default_factory=list)
    dialled: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    authority: Authority = field(default_factory=Authority)
    _ports: dict[str, int] = field(default_factory=dict)
    _servers: list[asyncio.Server] = field(default_factory=list)
    _handlers: set[asyncio.Task[Any]] = field(default_factory=set)
    _connections: int = 0

    def transport(
        self,
        policy: EgressPolicy,
        *,
        dns_timeout: timedelta = DNS_TIMEOUT,
        extra_ca_pem: str | None = None,
    ) -> EgressTransport:
        """A real transport that lives on this wire."""
        return EgressTransport(
            policy,
            resolver=self.resolve,
            socket_factory=self._open_socket,
            extra_ca_pem=self.authority.pem if extra_ca_pem is None else extra_ca_pem,
            dns_timeout=dns_timeout,
        )

    async def resolve(self, host: str) -> Sequence[str]:
        """The next answer of the case's DNS."""
        turn = self.lookups.count(host)
        self.lookups.append(host)
        await asyncio.sleep(self.dns_delay.total_seconds())
        answers = self.dns.get(host, [[PUBLIC_ADDRESS]])
        return answers[min(turn, len(answers) - 1)]

    async def __aenter__(self) -> Self:
        names = self.certificate_names
        if names is None:
            names = sorted({url.host for url in self.urls})
        context = self.authority.server_context(names, expired=self.expired)
        for scheme, tls in (("https", context), ("http", None)):
            server = await asyncio.start_server(
                partial(self._serve, scheme),
                "127.0.0.1",
                ssl=tls,
            )
            self._servers.append(server)
            self._ports[scheme] = server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for server in self._servers:
            server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()

    def _open_socket(self, address: Any) -> socket.socket:
        plain = {url.effective_port for url in self.urls if url.scheme == "http"}
        host, port = address[4][:2]
        self.dialled.append(host)
        bent = _BentSocket(socket.AF_INET, socket.SOCK_STREAM)
        bent.pretended = address[0]
        bent.real = ("127.0.0.1", self._ports["http" if port in plain else "https"])
        return bent

    async def _serve(
        self, scheme: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._handlers.add(task)
        self._connections += 1
        number = self._connections
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                seen = await _read_request(reader, scheme, number)
                self.seen.append(seen)
                await _write_answer(writer, self.answer(seen))
        writer.close()
        if task is not None:
            self._handlers.discard(task)


class _BentSocket(socket.socket):
    """A socket that says it goes where it was told, and goes to loopback."""

    pretended: int
    real: tuple[str, int]

    @property
    def family(self) -> int:  # type: ignore[override]
        return self.pretended

    def connect(self, _address: Any, /) -> None:
        super().connect(self.real)


async def _read_request(reader: asyncio.StreamReader, scheme: str, connection: int) -> Seen:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip() for name, _, value in (li.partition(":") for li in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(f"{scheme}://{headers.get('host', '')}", method, target, headers, body, connection)


async def _write_answer(writer: asyncio.StreamWriter, answer: Answer) -> None:
    lines = [f"HTTP/1.1 {answer.status} Case", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    writer.write("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
    pieces = [bytes([byte]) for byte in answer.body] if answer.pause_s else [answer.body]
    for piece in pieces:
        await asyncio.sleep(answer.pause_s)
        writer.write(piece)
        await writer.drain()

"""A server that remembers what arrived, byte for byte, and answers as a test says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Arrived:
    """One request; ``whole`` is False when the connection ended before its body did."""

    head: str
    body: bytes
    whole: bool = True

    @property
    def target(self) -> str:
        return self.head.split(" ", 2)[1]

    @property
    def lines(self) -> list[str]:
        return self.head.split("\r\n")[1:]

    def header(self, name: str) -> str:
        found = [line.partition(":") for line in self.lines]
        return next((value.strip() for key, _, value in found if key.lower() == name.lower()), "")


async def ended(writer: asyncio.StreamWriter) -> None:
    """Ends a connection, and returns once nothing of it is left to the event loop."""
    writer.transport.abort()
    with suppress(OSError, asyncio.CancelledError):
        await writer.wait_closed()


Play = Callable[[Arrived, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = b"ok", *headers: str) -> bytes:
    """An answer with a length."""
    lines = (f"HTTP/1.1 {status} Played", f"Content-Length: {len(body)}", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + body


@dataclass
class Recorder:
    """A running server; see `recorder`."""

    play: Play
    arrived: list[Arrived] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = await self._read(reader)
                self.arrived.append(request)
                if not request.whole:
                    break
                await self.play(request, writer)
                await writer.drain()
        await ended(writer)

    async def _read(self, reader: asyncio.StreamReader) -> Arrived:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").removesuffix("\r\n\r\n")
        request = Arrived(head, b"")
        body = b""
        try:
            if request.header("Transfer-Encoding") == "chunked":
                while size := int(await reader.readuntil(b"\r\n"), 16):
                    body += await reader.readexactly(size)
                    await reader.readexactly(2)
                await reader.readexactly(2)
            else:
                left = int(request.header("Content-Length") or "0")
                while left:
                    piece = await reader.read(min(left, 65536))
                    if not piece:
                        return Arrived(head, body, whole=False)
                    body += piece
                    left -= len(piece)
        except (OSError, asyncio.IncompleteReadError):
            return Arrived(head, body, whole=False)
        return Arrived(head, body)


_OK = answer()


@asynccontextmanager
async def recorder(
    play: Play | bytes | Iterable[bytes] = _OK, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Recorder]:
    """A server that answers with ``play``: one answer for all, one after the other, or a call."""
    server = Recorder(play if callable(play) else _scripted(play))
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks)
        await listening.wait_closed()


def _scripted(answers: bytes | Iterable[bytes]) -> Play:
    left = None if isinstance(answers, bytes) else iter(answers)

    async def play(request: Arrived, writer: asyncio.StreamWriter) -> None:
        said = answers if isinstance(answers, bytes) else next(left or iter(()))
        head, end, body = said.partition(b"\r\n\r\n")
        writer.write(head + end + (b"" if request.head.startswith("HEAD ") else body))

    return play

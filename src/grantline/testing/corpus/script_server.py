"""An HTTP server on loopback that answers exactly as a case says, also in ways no server should.

Raw sockets: a truncated body, a trickle, a hang, a bomb and an interim answer are bytes that an
HTTP library would not write.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any, Final

HOST: Final = "127.0.0.1"
PIECE_BYTES: Final = 64 * 1024


def row_body(row: Mapping[str, Any]) -> bytes:
    """The bytes that the answer of ``row`` carries."""
    body = row.get("body") or ""
    return base64.b64decode(body) if row.get("body_encoding") == "base64" else body.encode()


def row_headers(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The headers of the answer of ``row``, names in lower case; a list is one line for each."""
    return [
        (name.lower(), str(value))
        for name, values in (row.get("headers") or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]


@asynccontextmanager
async def script_server(row: Mapping[str, Any], *, time_scale: float) -> AsyncIterator[int]:
    """The port of a server that plays ``row`` to every request, its delays divided by the scale."""
    if (row.get("gen") or {}).get("kind") == "connect_refused":
        yield _closed_port()
        return
    under_way: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            under_way.add(task)
        # The client may leave at any moment: that is what some of the cases are about.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _read_request(reader)
            await _play(row, writer, time_scale)
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


async def _read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            await reader.readexactly(int(value))


async def _play(row: Mapping[str, Any], writer: asyncio.StreamWriter, time_scale: float) -> None:
    script: Mapping[str, Any] = row.get("gen") or {}
    match script.get("kind"):
        case "hang":
            await asyncio.Event().wait()
        case "slow":
            await _trickle(row, script, writer, time_scale)
        case "repeat":
            await _stream(writer, _head(row, None), _repeated(script))
        case "gzip_bomb":
            await _stream(writer, _head(row, None), _bomb(script["plain_bytes"]))
        case _:
            await _send(writer, _message(row, script))


def _message(row: Mapping[str, Any], script: Mapping[str, Any]) -> bytes:
    """The answer of ``row`` as it goes out in one piece, framed rightly or wrongly."""
    body = row_body(row)
    match script.get("kind"):
        case "truncate":
            return _head(row, script["content_length"]) + body
        case "chunked_no_end":
            head = _head(row, None, "transfer-encoding: chunked\r\n")
            return head + b"%x\r\n%s\r\n" % (len(body), body)
        case "interim":
            interim = b"".join(_status_line(status) + b"\r\n" for status in script["statuses"])
            return interim + _head(row, len(body)) + body
    return _head(row, len(body)) + body


async def _trickle(
    row: Mapping[str, Any],
    script: Mapping[str, Any],
    writer: asyncio.StreamWriter,
    time_scale: float,
) -> None:
    body, step = row_body(row), script["chunk_bytes"]
    await _send(writer, _head(row, len(body)))
    for start in range(0, len(body), step):
        await _send(writer, body[start : start + step])
        await asyncio.sleep(script["delay_ms"] / 1000 / time_scale)


async def _stream(writer: asyncio.StreamWriter, head: bytes, pieces: AsyncIterator[bytes]) -> None:
    await _send(writer, head)
    async for piece in pieces:
        await _send(writer, piece)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()
    await asyncio.sleep(0)  # drain() alone gives the client no turn while the buffer has room


def _status_line(status: int) -> bytes:
    phrase = next((known.phrase for known in HTTPStatus if known == status), "")
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


def _head(row: Mapping[str, Any], length: int | None, framing: str = "") -> bytes:
    headers = [(name, value) for name, value in row_headers(row) if name != "connection"]
    told = any(name == "content-length" for name, _ in headers)
    if length is not None and not told and row["status"] not in {204, 304}:
        headers.append(("content-length", str(length)))
    headers.append(("connection", "close"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return _status_line(row["status"]) + (lines + framing + "\r\n").encode("utf-8")


async def _repeated(script: Mapping[str, Any]) -> AsyncIterator[bytes]:
    unit = script["unit"].encode()
    units_a_piece = max(1, PIECE_BYTES // max(1, len(unit)))
    yield script.get("prefix", "").encode()
    left = int(script["count"])
    while left > 0:
        yield unit * min(left, units_a_piece)
        left -= units_a_piece
    yield script.get("suffix", "").encode()


async def _bomb(plain_bytes: int) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    for start in range(0, plain_bytes, PIECE_BYTES):
        # Flushed piece by piece, so that the client meets it as it would meet a real one.
        piece = packer.compress(bytes(min(PIECE_BYTES, plain_bytes - start)))
        yield piece + packer.flush(zlib.Z_SYNC_FLUSH)
    yield packer.flush()

"""An exchange whose answer has begun: its body read within a limit, whole or as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from grantline.messages import Headers
from grantline.net.decoding import ContentDecoder
from grantline.net.failures import translated
from grantline.net.payload import SourcePayload

if TYPE_CHECKING:
    from aiohttp.connector import Connection

    from grantline.net.pools import Pool

BROKEN: Final = (aiohttp.ClientError, TimeoutError, OSError)


def failure(error: Exception, host: str, payload: SourcePayload | None) -> Exception:
    """What ``error`` means to who made the request: what went wrong in its body comes first."""
    if payload is not None and payload.failure is not None:
        return payload.failure
    return translated(error, host)


def _text(value: str) -> str:
    """``value`` without the halves of characters that stand for bytes, which no page can hold."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(slots=True, eq=False)
class Exchange:
    """One request that is being sent, and its answer once that has begun.

    Attributes:
        pool: Whose connections it uses.
        host: Of its URL.
        payload: Its body, where that is read on the way.
        is_new: Whether a connection was dialled for it.
        transport: What the answer comes by, also when aiohttp has let go of that already.
        response: The answer.
    """

    pool: Pool
    host: str
    payload: SourcePayload | None
    is_new: bool = False
    transport: asyncio.Transport | None = None
    response: aiohttp.ClientResponse = field(init=False)

    @property
    def headers(self) -> Headers:
        """Of the answer, names in lower case; bytes that are no UTF-8 become U+FFFD."""
        return tuple(
            [
                (name.lower(), value if value.isascii() else _text(value))
                for name, value in self.response.headers.items()
            ]
        )

    def arrived(self, limit_bytes: int) -> bytes | None:
        """The body, if it came with the headers, in no coding; None where it must be awaited."""
        content = self.response.content
        if (
            not content.is_eof()
            or content.exception() is not None
            or content.total_bytes > limit_bytes
            or "Content-Encoding" in self.response.headers
        ):
            return None
        return content.read_nowait()

    async def read(self, limit_bytes: int) -> bytes:
        """The decoded body, never more than ``limit_bytes`` of it in memory."""
        content = self.response.content
        coding = self.response.headers.get("Content-Encoding", "")
        try:
            decoder = ContentDecoder(coding, limit_bytes)
            parts = []
            while chunk := await content.readany():
                parts.append(decoder.feed(chunk))
        except BROKEN as error:
            raise failure(error, self.host, self.payload) from None
        decoder.finish()
        return b"".join(parts)

    async def chunks(self, limit_bytes: int) -> AsyncGenerator[bytes, None]:
        """The decoded body as it comes."""
        content = self.response.content
        decoder = ContentDecoder(self.response.headers.get("Content-Encoding", ""), limit_bytes)
        try:
            while chunk := await content.readany():
                for piece in decoder.pieces(chunk):
                    yield piece
        except BROKEN as error:
            raise failure(error, self.host, self.payload) from None
        decoder.finish()

    def close(self) -> bool:
        """Ends it; True when the pool must be closed now.

        After the whole body its connection has been given back already.
        """
        # Otherwise aiohttp would only make an error for readers that there are none of.
        if self.response.connection is not None:
            self.response.close()
        if self.transport is not None and self.transport.is_closing():
            # asyncio would wait until the rest of a request that is answered already was read, or
            # a farewell in TLS was returned. One that is not closing may carry the next request.
            self.transport.abort()
        return self.pool.leave()


# What this task is sending, for the check at the socket and for the answer.
under_way: ContextVar[Exchange] = ContextVar("under_way")


class Answer(aiohttp.ClientResponse):
    """An answer that tells its exchange what it comes by."""

    def start(self, connection: Connection) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
        """Begins to read."""
        exchange, transport = under_way.get(), connection.transport
        exchange.transport = transport
        if exchange.is_new and transport is not None:
            exchange.pool.transports.add(transport)
        return super().start(connection)

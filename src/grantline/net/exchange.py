"""An exchange whose answer has begun: its body read within a limit, whole or as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import aiohttp

from grantline.messages import Headers
from grantline.net.decoding import ContentDecoder
from grantline.net.failures import translated
from grantline.net.payload import SourcePayload
from grantline.net.pools import Answer, Pool

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
    """One request that was sent, and the answer that has begun."""

    pool: Pool
    response: aiohttp.ClientResponse
    host: str
    payload: SourcePayload | None

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

    async def close(self) -> None:
        """Ends it; after the whole body its connection has been given back already."""
        # Otherwise aiohttp would only make an error for readers that there are none of.
        if self.response.connection is not None:
            self.response.close()
        transport = self.response.transport if isinstance(self.response, Answer) else None
        if transport is not None and transport.is_closing():
            # asyncio would wait until the rest of a request that is answered already was read, or
            # a farewell in TLS was returned. One that is not closing may carry the next request.
            transport.abort()
        if self.pool.leave():
            await self.pool.close()

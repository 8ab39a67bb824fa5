"""Content codings undone while the bytes arrive, within a limit (RFC 9110 section 8.4).

Pure: bytes in, bytes out. Memory stays small whatever the other side sends: what comes out comes
out in pieces, and with a limit no coding of a chain may produce more than that, so a small answer
cannot unfold into a large one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from grantline.errors import LimitExceeded, TransportFailed

# Nobody sends more than one on purpose; urllib3 draws the line at the same number.
MAX_CODINGS: Final = 5
ACCEPT_ENCODING: Final = "gzip, deflate"

# What one call of zlib may put into memory.
PIECE_BYTES: Final = 256 * 1024

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


class ContentDecoder:
    """The decoded bytes of one answer whose Content-Encoding is ``content_encoding``.

    Args:
        content_encoding: The header's value, or an empty string.
        limit_bytes: The most bytes that may come out.

    Raises:
        TransportFailed: ``check="content_decoding"``: an unknown coding, too many of them, or
            bytes that are not what the header says.
        LimitExceeded: ``limit="response_bytes"``.
    """

    def __init__(self, content_encoding: str, limit_bytes: int) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        codings = [name for name in names if name not in {"", "identity"}]
        if len(codings) > MAX_CODINGS:
            raise _undecodable(f"{len(codings)} content codings in a row")
        # The last coding named was applied last, so it is undone first.
        self._stages = [_stage(name, limit_bytes) for name in reversed(codings)]
        self._limit_bytes = limit_bytes
        self._produced_bytes = 0

    def feed(self, chunk: bytes) -> bytes:
        """What ``chunk`` adds to the decoded body."""
        return b"".join(self.pieces(chunk))

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """The same in pieces of a bounded size; all of them must be taken."""
        found: Iterator[bytes] = iter((chunk,))
        for stage in self._stages:
            found = _fed(stage, found)
        for piece in found:
            self._produced_bytes += len(piece)
            if self._produced_bytes > self._limit_bytes:
                raise _too_large(self._limit_bytes)
            yield piece

    def finish(self) -> bytes:
        """What was still held back; call it once, after the last chunk."""
        for stage in self._stages:
            stage.finish()
        return b""


class _Gzip:
    """One coding: zlib's decoder, told how many bytes it may still produce."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._produced_bytes = 0
        self._decoder: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        has_more = False
        while chunk or has_more:
            if self._decoder is None:
                self._decoder = self._new_decoder(chunk)
            elif self._decoder.eof:
                # A gzip body may have several members; anything else after the end is padding.
                if not _GZIP_MAGIC.startswith(chunk[:2]):
                    return
                self._decoder = self._new_decoder(chunk)
            decoder = self._decoder
            piece = self._inflate(decoder, chunk)
            if piece:
                yield piece
            # zlib may have taken all its input and still hold back output.
            has_more = len(piece) == PIECE_BYTES and not decoder.eof
            chunk = decoder.unused_data or decoder.unconsumed_tail

    def finish(self) -> None:
        # An empty body is fine under any coding: answers to HEAD and 204 have none.
        if self._decoder is not None and not self._decoder.eof:
            raise _undecodable("the coded stream ends early")

    def _new_decoder(self, _head: bytes) -> zlib._Decompress:
        return zlib.decompressobj(_GZIP_WINDOW)

    def _inflate(self, decoder: zlib._Decompress, chunk: bytes) -> bytes:
        try:
            piece = decoder.decompress(chunk, PIECE_BYTES)
        except zlib.error as error:
            raise _undecodable(str(error)) from None
        self._produced_bytes += len(piece)
        if self._produced_bytes > self._limit_bytes:
            raise _too_large(self._limit_bytes)
        return piece


class _Deflate(_Gzip):
    """``deflate`` as RFC 9110 defines it (a zlib stream), or bare as some servers send it."""

    def _new_decoder(self, head: bytes) -> zlib._Decompress:
        # RFC 1950 section 2.2: a zlib stream has method 8 in the low bits of its first byte.
        is_zlib = head[0] & 0x0F == 8
        return zlib.decompressobj(zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _fed(stage: _Gzip, chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from stage.feed(chunk)


def _stage(name: str, limit_bytes: int) -> _Gzip:
    if name in {"gzip", "x-gzip"}:
        return _Gzip(limit_bytes)
    if name == "deflate":
        return _Deflate(limit_bytes)
    raise _undecodable("a content coding that was not offered")


def _undecodable(detail: str) -> TransportFailed:
    return TransportFailed(
        "The answer could not be decoded: its bytes are not what its Content-Encoding says.",
        check="content_decoding",
        sent=True,
        detail=detail,
    )


def _too_large(limit_bytes: int) -> LimitExceeded:
    return LimitExceeded(
        f"The answer is larger than {limit_bytes} bytes.",
        limit="response_bytes",
    )

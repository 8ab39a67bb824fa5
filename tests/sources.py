"""Bodies that are read while they are sent, as tests need them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable

from grantline.errors import InvalidInput


class ListSource:
    """The given chunks; ``size`` is what it claims, and ``fails`` ends it with an error."""

    def __init__(
        self,
        chunks: Iterable[bytes] = (b"one ", b"", b"two"),
        *,
        size: int | None = None,
        replayable: bool = True,
        fails: bool = False,
    ) -> None:
        self._chunks = tuple(chunks)
        self.size = size
        self.replayable = replayable
        self.fails = fails
        self.reads = 0

    @property
    def data(self) -> bytes:
        return b"".join(self._chunks)

    async def chunks(self) -> AsyncIterator[bytes]:
        self.reads += 1
        for chunk in self._chunks:
            yield chunk
        if self.fails:
            raise InvalidInput("The disk is gone.", field="body")


async def drained(chunks: AsyncIterable[bytes]) -> bytes:
    """All chunks together."""
    return b"".join([chunk async for chunk in chunks])

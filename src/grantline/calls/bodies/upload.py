"""Bodies that are sent while they are read, beside the request that a person wrote.

A `RequestSpec` can be kept and shown, so its content is bytes. What comes from a disk or from an
earlier answer is neither: it travels beside the spec, in its content's place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from grantline.messages import Source


@dataclass(frozen=True, slots=True)
class Upload:
    """A body that is sent while it is read, and its media type; empty leaves Content-Type out."""

    source: Source
    media_type: str


@dataclass(frozen=True, slots=True, repr=False)
class Joined:
    """Sources one after the other, and bytes between them, as one source."""

    pieces: tuple[bytes | Source, ...]

    @property
    def size(self) -> int | None:
        """All sizes together; None when one of them is unknown."""
        total = 0
        for piece in self.pieces:
            size = len(piece) if isinstance(piece, bytes) else piece.size
            if size is None:
                return None
            total += size
        return total

    @property
    def replayable(self) -> bool:
        """Whether every piece is."""
        return all(isinstance(piece, bytes) or piece.replayable for piece in self.pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of every piece in order."""
        for piece in self.pieces:
            if isinstance(piece, bytes):
                yield piece
            else:
                async for chunk in piece.chunks():
                    yield chunk

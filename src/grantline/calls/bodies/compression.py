"""Bodies in gzip coding (RFC 9110 section 8.4.1.3), always the same bytes for the same body."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from grantline.messages import Source

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, repr=False)
class Compressed:
    """A source in gzip coding, compressed while it is read."""

    source: Source
    size: None = None

    @property
    def replayable(self) -> bool:
        """Whether the source is."""
        return self.source.replayable

    async def chunks(self) -> AsyncIterator[bytes]:
        """The coded bytes."""
        coder = zlib.compressobj(wbits=_GZIP_WINDOW)
        async for chunk in self.source.chunks():
            if coded := coder.compress(chunk):
                yield coded
        yield coder.flush()


def compressed(body: bytes | Source) -> bytes | Source:
    """``body`` in gzip coding; an empty one stays empty."""
    if isinstance(body, bytes):
        # The instant in its head would make each attempt another body.
        return gzip.compress(body, mtime=0) if body else body
    return Compressed(body)

"""A `Source` as aiohttp sends it: counted, so that what was promised is what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from grantline.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.abc import AbstractStreamWriter

    from grantline.messages import Source


class SourcePayload(aiohttp.Payload):
    """The bytes of a source, read while they are sent.

    aiohttp wraps what goes wrong in here into an error about the connection; ``failure`` keeps
    the error itself.
    """

    _autoclose = True  # nothing is open between two chunks that would outlive the source

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._size = source.size
        self.failure: Exception | None = None

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Sends every byte of the source."""
        async for chunk in self._counted():
            await writer.write(chunk)

    async def _counted(self) -> AsyncIterator[bytes]:
        left_bytes = self._size
        try:
            async for chunk in self._value.chunks():
                if left_bytes is not None:
                    left_bytes -= len(chunk)
                    if left_bytes < 0:
                        break
                yield chunk
            if left_bytes:
                raise InvalidInput(
                    "What was to be sent changed its size while it was sent.",
                    field="body",
                    hint="Send it again once nothing writes to it any more.",
                )
        except Exception as error:
            self.failure = error
            raise

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Not to be had: the bytes are read once, on their way."""
        raise TypeError(encoding, errors)

"""Files as bodies: read piece by piece on a thread, so that neither memory nor the loop fills."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Self

from grantline.errors import InvalidInput

# Enough that the hop to a thread costs nothing beside the reading.
CHUNK_BYTES: Final = 512 * 1024


class FileSource:
    """The bytes of a file, for as long as it keeps its size. Made by `open`."""

    replayable = True

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size

    @classmethod
    def open(cls, path: Path) -> Self:
        """The file at ``path``.

        Raises:
            InvalidInput: There is no file that can be read.
        """
        try:
            with path.open("rb") as file:
                found = os.fstat(file.fileno())
        except OSError as error:
            raise _unreadable(path, error) from None
        if not stat.S_ISREG(found.st_mode):
            raise _unreadable(path, None)
        return cls(path, found.st_size)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the file as it is now.

        Raises:
            InvalidInput: It is gone, or cannot be read any more.
        """
        try:
            file = await asyncio.to_thread(self.path.open, "rb", buffering=0)
            try:
                while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                    yield chunk
            finally:
                file.close()
        except OSError as error:
            raise _unreadable(self.path, error) from None


def _unreadable(path: Path, error: OSError | None) -> InvalidInput:
    reason = (error.strerror if error else None) or "it is not a file"
    return InvalidInput(
        f"The file {path} cannot be read: {reason}.",
        field="body",
        hint="Give the path of a file that this program may read.",
    )

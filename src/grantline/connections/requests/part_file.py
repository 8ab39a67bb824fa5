"""A file that has its name only once it is whole: a temporary file beside it until then."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import BinaryIO, Final

from grantline.errors import InvalidInput

# What is collected before a thread writes it; the next chunks arrive meanwhile.
WRITE_BYTES: Final = 1024 * 1024
_LONGEST_NAME: Final = 200


class PartFile:
    """The bytes of a file that is still arriving. `open` makes it, `publish` or `discard` ends it.

    Attributes:
        size: How many bytes it has so far.
    """

    def __init__(self, target: Path, part: Path, file: BinaryIO, *, overwrite: bool) -> None:
        self.target = target
        self.size = 0
        self._overwrite = overwrite
        self._part = part
        self._file = file
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._writing: asyncio.Future[None] | None = None

    @classmethod
    def open(cls, target: Path, *, token: str, overwrite: bool, field: str) -> PartFile:
        """An empty file that becomes ``target``.

        Args:
            target: Where the file goes.
            token: Fresh randomness for the temporary name.
            overwrite: Whether a file that is there already may be replaced.
            field: What the path was given for.

        Raises:
            InvalidInput: Nothing can be written there.
        """
        if target.is_dir() or (target.exists() and not overwrite):
            raise InvalidInput(
                f"{target} exists already.",
                field=field,
                hint="Give another path, or say that the file may be replaced.",
            )
        part = target.with_name(f".{target.name[:_LONGEST_NAME]}.{token}.part")
        try:
            return cls(target, part, part.open("xb", buffering=0), overwrite=overwrite)
        except OSError as error:
            raise _not_written(target, error, field) from None

    async def write(self, chunk: bytes) -> None:
        """Adds ``chunk``; raises ``InvalidInput`` when the disk does not take it."""
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        self.size += len(chunk)
        if self._held_bytes >= WRITE_BYTES:
            await self._written()
            data, self._held, self._held_bytes = self._held, [], 0
            self._writing = asyncio.get_running_loop().run_in_executor(None, self._write_all, data)

    async def restart(self) -> None:
        """Forgets every byte."""
        await self._written()
        self._held, self._held_bytes, self.size = [], 0, 0
        self._file.seek(0)
        self._file.truncate()

    async def publish(self) -> None:
        """Puts the file where it belongs, once its bytes are safe on the disk."""
        await self._written()
        await asyncio.to_thread(self._finish)

    async def discard(self) -> None:
        """Removes what there is; nothing happens to a file that was published."""
        if self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)
        self._file.close()
        self._part.unlink(missing_ok=True)

    async def _written(self) -> None:
        if self._writing is None:
            return
        try:
            await self._writing
        except OSError as error:
            raise _not_written(self.target, error, "output") from None
        finally:
            self._writing = None

    def _write_all(self, data: list[bytes]) -> None:
        for chunk in data:
            view = memoryview(chunk)
            while view:
                view = view[self._file.write(view) :]

    def _finish(self) -> None:
        try:
            self._write_all(self._held)
            os.fsync(self._file.fileno())
            self._file.close()
            self._take_place()
            if os.name == "posix":  # elsewhere a folder cannot be opened
                folder = os.open(self.target.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise _not_written(self.target, error, "output") from None

    def _take_place(self) -> None:
        if not self._overwrite:
            try:
                # A link is never made over a file, so not over one that came meanwhile either.
                os.link(self._part, self.target)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                if self.target.exists():
                    raise
            else:
                return  # ``discard`` takes the other name away
        self._part.replace(self.target)


def _not_written(target: Path, error: OSError, field: str) -> InvalidInput:
    return InvalidInput(
        f"{target} cannot be written: {error.strerror}.",
        field=field,
        hint="Give a path in a folder with room, where this program may write.",
    )

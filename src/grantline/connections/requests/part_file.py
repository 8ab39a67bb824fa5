"""A file that has its name only once it is whole: a temporary file beside it until then."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from grantline.connections.renewal.file_lock import take
from grantline.errors import InvalidInput

# What is collected before a thread writes it; the next chunks arrive meanwhile.
WRITE_BYTES: Final = 1024 * 1024
_LONGEST_NAME: Final = 200


class PartFile:
    """The bytes of a file that is still arriving. `open` makes it, `publish` or `discard` ends it.

    Attributes:
        target: Where it goes; None until `aim` says so.
        part: Where its bytes are until then.
        size: How many bytes it has so far.
    """

    def __init__(
        self, target: Path | None, part: Path, file: BinaryIO, *, overwrite: bool, size: int = 0
    ) -> None:
        self.target = target
        self.part = part
        self.size = size
        self._overwrite = overwrite
        self._file = file
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._has_gap = False
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
        _check_free(target, overwrite=overwrite, field=field)
        part = target.with_name(f".{target.name[:_LONGEST_NAME]}.{token}.part")
        try:
            return cls(target, part, part.open("xb", buffering=0), overwrite=overwrite)
        except OSError as error:
            raise not_written(target, error, field) from None

    @classmethod
    def reopen(cls, part: Path, *, overwrite: bool) -> PartFile | None:
        """What an earlier process left at ``part``, or an empty file there; `aim` it before long.

        None while another process has it.

        Raises:
            InvalidInput: Nothing can be written there.
        """
        try:
            number = take(part, make=True)
            if number is None:
                return None
            file = os.fdopen(number, "r+b", buffering=0)
            size = file.seek(0, os.SEEK_END)
        except OSError as error:
            raise not_written(part, error, "folder") from None
        return cls(None, part, file, overwrite=overwrite, size=size)

    def aim(self, target: Path, *, field: str) -> None:
        """Says where it goes; raises ``InvalidInput`` when there is a file that has to stay."""
        _check_free(target, overwrite=self._overwrite, field=field)
        self.target = target

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
        self._held = []
        await self.leave()
        self.part.unlink(missing_ok=True)

    async def leave(self) -> None:
        """Writes what there is, as far as the disk takes it, and leaves it for `reopen`."""
        # What comes after a gap is worth nothing: so not after a piece that was not written.
        with suppress(InvalidInput):
            await self._written()
            if not self._file.closed and not self._has_gap:
                with suppress(OSError):
                    await asyncio.to_thread(self._write_all, self._held)
        self._file.close()

    async def _written(self) -> None:
        if self._writing is None:
            return
        try:
            await self._writing
        except OSError as error:
            self._has_gap = True
            raise not_written(self.target or self.part, error, "output") from None
        finally:
            self._writing = None

    def _write_all(self, data: list[bytes]) -> None:
        for chunk in data:
            view = memoryview(chunk)
            while view:
                view = view[self._file.write(view) :]

    def _finish(self) -> None:
        target = self.target
        if target is None:
            raise ValueError("nobody has said where the file goes")
        try:
            self._write_all(self._held)
            os.fsync(self._file.fileno())
            self._file.close()
            self._take_place(target)
            if os.name == "posix":  # elsewhere a folder cannot be opened
                folder = os.open(target.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except OSError as error:
            raise not_written(target, error, "output") from None

    def _take_place(self, target: Path) -> None:
        if not self._overwrite:
            try:
                # A link is never made over a file, so not over one that came meanwhile either.
                os.link(self.part, target)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                if target.exists():
                    raise
            else:
                return  # ``discard`` takes the other name away
        self.part.replace(target)


def _check_free(target: Path, *, overwrite: bool, field: str) -> None:
    if target.is_dir() or (target.exists() and not overwrite):
        raise InvalidInput(
            f"{target} exists already.",
            field=field,
            hint="Give another path, or say that the file may be replaced.",
        )


def not_written(target: Path, error: OSError, field: str) -> InvalidInput:
    """What it means that ``target``, which ``field`` names, cannot be written."""
    return InvalidInput(
        f"{target} cannot be written: {error.strerror}.",
        field=field,
        hint="Give a path in a folder with room, where this program may write.",
    )

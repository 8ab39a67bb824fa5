"""Files that a browser sent: on disk, by the digest of their bytes, for as long as there is room.

They outlive the request that brought them, because a browser does not send a file again by itself;
they do not outlive the process.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from anyio import to_thread
from starlette.datastructures import UploadFile

from grantline.connections.connection import Actor
from grantline.connections.requests.files import FileSource
from grantline.errors import InvalidInput

MOST_BYTES: Final = 8 * 1024**3
_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class KeptFile:
    """A file of the visitor's, on our disk.

    Attributes:
        digest: What a page calls it: SHA-256 of its bytes in hex, or a random word.
        size: In bytes.
    """

    path: Path = field(compare=False)
    digest: str
    size: int

    @property
    def source(self) -> FileSource:
        """Its bytes, read while they are sent."""
        return FileSource(self.path, self.size)

    def read(self) -> bytes:
        """All of it, for what fits into memory.

        Raises:
            InvalidInput: It had to make room for others.
        """
        try:
            return self.path.read_bytes()
        except OSError:
            raise InvalidInput(
                "The file is kept no more: others took its place.",
                field="Parts",
                hint="Choose it again.",
            ) from None

    def __repr__(self) -> str:
        return f"KeptFile({self.size} B)"


# What is in memory yet, from a saved request, or on disk.
FileData = bytes | KeptFile


def size_of(data: FileData) -> int:
    """How long it is, in bytes."""
    return len(data) if isinstance(data, bytes) else data.size


def bytes_of(data: FileData) -> bytes:
    """All of it."""
    return data if isinstance(data, bytes) else data.read()


class KeptFiles:
    """The files of one app; the ones not used for longest make room."""

    def __init__(self, at_most_bytes: int = MOST_BYTES) -> None:
        self._at_most = at_most_bytes
        self._folder = ""
        self._kept: OrderedDict[tuple[Actor, str], KeptFile] = OrderedDict()

    async def keep(self, actor: Actor, upload: UploadFile) -> KeptFile:
        """``upload`` under its digest; it goes to disk piece by piece."""
        await upload.seek(0)
        path = self.new_path()
        digest, size = await to_thread.run_sync(_copy, upload.file, path)
        return self.take(actor, KeptFile(path, digest, size))

    async def keep_bytes(self, actor: Actor, data: bytes) -> KeptFile:
        """The same for bytes that are at hand."""
        path = self.new_path()
        await to_thread.run_sync(path.write_bytes, data)
        return self.take(actor, KeptFile(path, sha256(data).hexdigest(), len(data)))

    def find(self, actor: Actor, digest: str) -> KeptFile | None:
        """A file that ``actor`` has sent before, if it is still here."""
        found = self._kept.get((actor, digest))
        if found is not None:
            self._kept.move_to_end((actor, digest))
        return found

    @property
    def taken_bytes(self) -> int:
        """How much room they take."""
        return sum(each.size for each in self._kept.values())

    def new_path(self) -> Path:
        """A path that nobody has taken, in a folder of ours."""
        if not self._folder:
            self._folder = tempfile.mkdtemp(prefix="grantline-files-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return Path(self._folder, secrets.token_hex(16))

    def take(self, actor: Actor, kept: KeptFile) -> KeptFile:
        """``kept``, found from now on; the same file that is here already takes its place."""
        known = self.find(actor, kept.digest)
        if known is not None and known.path.exists():
            kept.path.unlink()
            return known
        self._kept[actor, kept.digest] = kept
        while self.taken_bytes > self._at_most and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            gone.path.unlink(missing_ok=True)
        return kept


def _copy(upload: IO[bytes], path: Path) -> tuple[str, int]:
    digest, size = sha256(), 0
    try:
        with path.open("xb") as file:
            while chunk := upload.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += file.write(chunk)
    except OSError:
        path.unlink(missing_ok=True)  # a full disk does not stay full of this
        raise
    return digest.hexdigest(), size

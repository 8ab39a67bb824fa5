"""Answers that the database did not take, kept in a file until it does.

A line is one sealed answer: what the database would have kept, no more readable than there. It is
on the disk before anybody goes on. A part of the disk is set aside for it, because a full disk is
one reason why a database refuses.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from grantline.connections.renewal.file_lock import locked

RESERVE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledAnswer:
    """One answer of an authorization server, sealed.

    Attributes:
        instance: The database that it is for.
        attempt_id: The attempt that it answers.
        sealed_answer: Bound to that attempt, as in the database.
        token_hash: Of the refresh token that was spent; like ``started_at`` for a database that
            was put back to a time before the attempt, and does not know it.
        started_at: When the attempt was; empty where an earlier version wrote the line.
    """

    instance: str
    workspace: str
    connection_id: str
    attempt_id: str
    sealed_answer: str
    token_hash: str = ""
    started_at: str = ""


class Spool:
    """The file, shared by all processes of one data directory. Methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "refresh.spool"
        self._reserve = folder / "refresh.reserve"

    def reserve(self) -> None:
        """Sets a part of the disk aside.

        Raises:
            OSError: There is no room, or no right to write.
        """
        if not self._reserve.exists():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._reserve, os.urandom(RESERVE_BYTES))

    def append(self, answer: SpooledAnswer) -> None:
        """Keeps ``answer``; it is on the disk when this returns.

        Raises:
            OSError: The disk refuses this too.
        """
        line = json.dumps(asdict(answer)).encode() + b"\n"
        with self._alone():
            try:
                self._add(line)
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                    raise
                self._reserve.unlink(missing_ok=True)
                self._add(line)

    def replay(self, instance: str, save: Callable[[SpooledAnswer], None]) -> list[SpooledAnswer]:
        """Hands every answer for ``instance`` to ``save``, and drops those that it took.

        Gives those. Raises what ``save`` raises; the rest then waits.
        """
        if not self._path.exists():
            return []
        taken: list[SpooledAnswer] = []
        with self._alone():
            try:
                for each in self._read():
                    if each.instance == instance:
                        save(each)
                        taken.append(each)
            finally:
                self._drop({each.attempt_id for each in taken})
        return taken

    def waiting(self, instance: str) -> int:
        """How many answers for ``instance`` the database has not taken yet."""
        return sum(each.instance == instance for each in self._read())

    def discard(self, attempt_id: str) -> None:
        """Drops an answer that the database has by now."""
        if self._path.exists():
            with self._alone():
                self._drop({attempt_id})

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(self._folder / "refresh.lock"):
            yield

    def _add(self, line: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(file).st_size
            try:
                # A line that was cut off by a crash must not swallow this one.
                if os.write(file, b"\n" + line) <= len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            except OSError:
                os.ftruncate(file, size)
                raise
        finally:
            os.close(file)
        _sync_folder(self._folder)

    def _lines(self) -> list[bytes]:
        return self._path.read_bytes().splitlines() if self._path.exists() else []

    def _read(self) -> Iterator[SpooledAnswer]:
        for line in self._lines():
            with suppress(ValueError, TypeError):  # cut off by a crash: its writer never went on
                yield SpooledAnswer(**json.loads(line))

    def _drop(self, attempt_ids: set[str]) -> None:
        left = [line for line in self._lines() if _id_in(line) not in attempt_ids]
        if not any(map(_id_in, left)):
            self._path.unlink(missing_ok=True)
        elif attempt_ids:
            _write(self._path.with_suffix(".new"), b"\n".join([*left, b""]))
            self._path.with_suffix(".new").replace(self._path)
        _sync_folder(self._folder)


def _id_in(line: bytes) -> str | None:
    """The attempt that a whole line is about, also where a later version has more to say there."""
    with suppress(ValueError, TypeError, KeyError):
        return str(json.loads(line)["attempt_id"])
    return None


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Makes the names in ``folder`` last; Windows has no way to ask for that, and no need."""
    if os.name == "posix":
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)

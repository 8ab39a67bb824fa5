"""Which processes that share a data directory are alive: each holds the lock on a file of its own.

The system drops the lock with the process, however it ends, and no clock is asked. So what a
process that was killed has begun is taken over at once, while a server's grace for the old refresh
token still lasts; and a lease that a wall clock has jumped over stays with its holder.

Of a process elsewhere nothing is known; the lease alone counts then. Not even where both see one
folder: a network file system may keep locks to each machine, and then a lock of another one looks
as if nobody held it.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from pathlib import Path
from typing import Final

from grantline.connections.renewal.file_lock import take

KEPT_FOR: Final = timedelta(days=1)
# Linux makes one at each start of a machine; all its containers see the same.
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


class Life(Enum):
    """What is known of a process."""

    ALIVE = auto()
    GONE = auto()
    UNKNOWN = auto()


def on_this_machine(name: str) -> str:
    """``name``, made to tell on which machine its process runs."""
    try:
        machine = _BOOT_ID.read_text("ascii").strip()
    except OSError:
        machine = socket.gethostname()
    return f"{name}@{machine}"


class Presence:
    """The mark of this process, and a look at those of others."""

    def __init__(self, folder: Path, owner: str) -> None:
        """Args: ``owner`` names this process in leases; nothing is written before ``announce``."""
        self._folder = folder
        self._machine = _machine_of(owner)
        self._path = self._of(owner)
        self._file: int | None = None

    def announce(self, now: datetime) -> None:
        """Shows this process to the others. Where nothing can be written it stays unknown."""
        if self._file is not None:
            return
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = take(self._path, make=True)
            self._sweep(now)

    def look(self, owner: str) -> Life:
        """What is known of the process that calls itself ``owner``."""
        if _machine_of(owner) != self._machine:
            return Life.UNKNOWN
        try:
            file = take(self._of(owner))
        except OSError:
            return Life.UNKNOWN
        if file is None:
            return Life.ALIVE
        os.close(file)
        return Life.GONE

    def end(self, *, owes: bool) -> None:
        """Ends as this process ends; ``owes`` keeps the mark for who takes over what is left."""
        if self._file is None:
            return
        if not owes:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = None

    def _of(self, owner: str) -> Path:
        return self._folder / f"{sha256(owner.encode()).hexdigest()[:32]}.lock"

    def _sweep(self, now: datetime) -> None:
        """Drops the marks of processes that ended long ago."""
        for path in self._folder.glob("*.lock"):
            with suppress(OSError):
                if path.stat().st_mtime > (now - KEPT_FOR).timestamp():
                    continue
                file = take(path)
                if file is not None:
                    path.unlink()
                    os.close(file)


def _machine_of(owner: str) -> str:
    return owner.partition("@")[2]

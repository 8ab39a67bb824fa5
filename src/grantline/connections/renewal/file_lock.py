"""Locks on files, which the system drops when the process that holds one ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int, *, wait: bool) -> None:
        msvcrt.locking(file, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int, *, wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


_FLAGS: Final = os.O_RDWR | getattr(os, "O_CLOEXEC", 0)


def take(path: Path, *, make: bool = False) -> int | None:
    """The open file with its lock, or None while somebody holds that; closing it gives it up.

    Args:
        path: The file.
        make: Whether to make it when it is not there.

    Raises:
        OSError: It cannot be opened, or is not there.
    """
    file = os.open(path, _FLAGS | (os.O_CREAT if make else 0), 0o600)
    try:
        _lock(file, wait=False)
    except OSError:
        os.close(file)
        return None
    return file


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The lock on ``path`` for the length of the block; waits for whoever holds it.

    Raises:
        OSError: It cannot be opened.
    """
    file = os.open(path, _FLAGS | os.O_CREAT, 0o600)
    try:
        _lock(file, wait=True)
        yield
    finally:
        os.close(file)

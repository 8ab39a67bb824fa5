"""A master key in a file that only its owner can read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from grantline.errors import ConfigurationError
from grantline.vault.keys import KeyRing, MasterKey

_LARGEST: Final = 4096


class KeyFile:
    """A file of mode 0600 holding one key, or several with the primary first."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file with its path."""
        return f"the key file {self._path}"

    def load(self) -> KeyRing | None:
        """The keys in the file, or None when there is no file.

        Raises:
            ConfigurationError: It is a link, others may read it, or it holds no key.
        """
        # O_NONBLOCK: opening a pipe would wait for its writer.
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self._path, flags)
        except FileNotFoundError:
            return None
        except OSError as error:
            # O_NOFOLLOW answers a symbolic link with ELOOP.
            raise self._refused("cannot be opened, or is a symbolic link", error) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise self._refused("is not a regular file")
            if status.st_mode & 0o077:
                raise self._refused("may be read by other users")
            text = os.read(descriptor, _LARGEST).decode("ascii", "replace")
        finally:
            os.close(descriptor)
        return KeyRing.parse(text, source=self.name)

    def create(self) -> KeyRing | None:
        """The keys in the file, which is made with a new key when there is none."""
        key = MasterKey.generate()
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.{key.fingerprint}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _write_durably(draft, key.to_text() + "\n")
                # A link is made whole or not at all, and never over a file that is there: of two
                # first starts at once one makes the key, and the other reads it.
                with contextlib.suppress(FileExistsError):
                    os.link(draft, self._path)
            finally:
                draft.unlink(missing_ok=True)
            _sync_directory(self._path.parent)
        except OSError as error:
            raise self._refused("cannot be created", error) from None
        return self.load()

    def add(self, key: MasterKey) -> bool:
        """Keeps ``key`` behind those in the file; one writer at a time, whole or not at all."""
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.{key.fingerprint}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self._path.parent):
                held = self.load()
                if held is not None and key.fingerprint in held:
                    return True
                lines = [*(each.to_text() for each in held or ()), key.to_text()]
                try:
                    _write_durably(draft, "\n".join(lines) + "\n")
                    draft.rename(self._path)
                finally:
                    draft.unlink(missing_ok=True)
                _sync_directory(self._path.parent)
        except OSError as error:
            raise self._refused("cannot be written", error) from None
        return True

    def _refused(self, why: str, error: OSError | None = None) -> ConfigurationError:
        return ConfigurationError(
            f"The key file {self._path} {why}.",
            hint="It must be a regular file that its owner alone may read (chmod 600); "
            "where that is not possible, set GRANTLINE_KEY instead.",
            detail=error.strerror or "" if error else "",
        )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write_durably(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - a descriptor
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

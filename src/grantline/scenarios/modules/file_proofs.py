"""Proofs that a module here left the file that a bundle names; what services answer has none."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from grantline.errors import InvalidInput

# A dot in front: no folder, name or path of a bundle reaches it.
KEY_FILE: Final = ".key"
KEY_BYTES: Final = 32
ON_MACHINES: Final = (
    "Where several machines carry out runs, set GRANTLINE_FILES_DIR to a folder that all of them "
    "share."
)


class FileProofs:
    """The proofs of one workspace, by a key that stays in its folder.

    Args:
        home: The folder; the proofs hold for its name alone.
        entropy: For the key, which is made for the first proof.
    """

    def __init__(self, home: Path, entropy: Callable[[int], bytes]) -> None:
        self._home = home
        self._key_file = home / KEY_FILE
        self._entropy = entropy

    def of(self, path: str) -> str:
        """The proof for the file at ``path``, below a home that exists.

        Raises:
            InvalidInput: The key cannot be made or read.
        """
        try:
            return self._proof(self._key() or self._made(), path)
        except OSError as error:
            raise self._refused(error.strerror or "it cannot be written") from None

    def check(self, path: str, proof: Any, *, field: str) -> None:
        """Raises ``InvalidInput`` unless ``proof`` is the one for ``path``; in constant time."""
        try:
            key = self._key()
        except OSError as error:
            raise self._refused(error.strerror or "it cannot be read") from None
        # Where no key is yet, nothing was proved; the comparison is with a key that nobody has.
        right = self._proof(key or self._entropy(KEY_BYTES), path)
        given = proof if isinstance(proof, str) else ""
        if not hmac.compare_digest(right.encode(), given.encode(errors="replace")):
            raise InvalidInput(
                "This looks like a file, but no module here left it: its proof is "
                f"{'wrong' if given else 'missing'}.",
                field=field,
                hint=(
                    "Map the whole file of an earlier module, such as {{ 2.file }}. What a service "
                    "or a webhook sends opens no file; to send it as it is, map it with "
                    f"{{{{ 2.data | to_json }}}}. {ON_MACHINES}"
                ),
            )

    def _proof(self, key: bytes, path: str) -> str:
        return hmac.digest(key, f"{self._home.name}\0{path}".encode(), "sha256").hex()

    def _key(self) -> bytes | None:
        try:
            descriptor = os.open(self._key_file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            key = file.read(KEY_BYTES + 1)
        if len(key) != KEY_BYTES:
            raise self._refused(f"it does not hold {KEY_BYTES} bytes")
        return key

    def _made(self) -> bytes:
        """The key of this process, or of another that was first; whole as soon as it is there."""
        draft = self._home / f"{KEY_FILE}-{self._entropy(8).hex()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(self._entropy(KEY_BYTES))
                file.flush()
                os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(draft, self._key_file)
        finally:
            draft.unlink(missing_ok=True)
        key = self._key()
        if key is None:
            raise self._refused("it was removed while it was made")
        return key

    def _refused(self, why: str) -> InvalidInput:
        return InvalidInput(
            f"The key {self._key_file}, which proves files of scenarios, cannot be used: {why}.",
            field="file",
            hint=(
                "It is a regular file that this program alone may read and write. When it is "
                "deleted a new one is made, and runs that hold files begin again from the start."
            ),
        )

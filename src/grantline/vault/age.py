"""Files encrypted with age (age-encryption.org/v1): the only door to pyrage.

Any other age program opens them: ``age -d FILE | gunzip``.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

import pyrage

from grantline.errors import ConfigurationError, GrantlineError, InvalidInput
from grantline.secret import Secret

# The longest beginning that tells how a file was encrypted.
HEAD_BYTES: Final = 64
_MAGIC: Final = b"age-encryption.org/v1\n-> "


def is_age_file(head: bytes) -> bool:
    """Whether a file that begins so is an age file."""
    return head.startswith(_MAGIC)


def wants_passphrase(head: bytes) -> bool:
    """Whether an age file that begins so is opened with a passphrase, and not with an identity."""
    return head.startswith(_MAGIC + b"scrypt ")


def encrypt(
    chunks: Iterable[bytes],
    to: BinaryIO,
    *,
    passphrase: Secret | None,
    recipients: Sequence[str] = (),
) -> None:
    """Writes ``chunks`` for whoever has the passphrase, or one of the recipients' identities.

    For recipients the whole is never in memory; with a passphrase, which this library seals at
    once only, it is.

    Raises:
        InvalidInput: A recipient is none.
    """
    if passphrase is not None:
        to.write(pyrage.passphrase.encrypt(b"".join(chunks), passphrase.reveal()))
        return
    stream = _Chunks(chunks)
    try:
        pyrage.encrypt_io(io.BufferedReader(stream), to, [_recipient(each) for each in recipients])
    except (pyrage.EncryptError, OSError):
        # What went wrong while the chunks were made says more.
        if stream.failure is not None:
            raise stream.failure from None
        raise


@contextmanager
def decrypted(
    source: BinaryIO, *, passphrase: Secret | None, identities: Sequence[Secret] = ()
) -> Iterator[BinaryIO]:
    """What is in an age file. Read to its end: only then is all of it known to be genuine.

    Raises:
        ConfigurationError: The passphrase or identity does not open it, or it was damaged.
    """
    if passphrase is not None:
        try:
            opened = pyrage.passphrase.decrypt(source.read(), passphrase.reveal())
        except pyrage.DecryptError:
            raise _closed("passphrase") from None
        yield io.BytesIO(opened)
        return
    keys = [_identity(each) for each in identities]
    read, write = os.pipe()
    failures: list[Exception] = []

    def work() -> None:
        try:
            with open(write, "wb") as to:  # noqa: PTH123 - a descriptor
                pyrage.decrypt_io(source, to, keys)
        except (pyrage.DecryptError, OSError) as error:
            failures.append(error)

    worker = threading.Thread(target=work, name="grantline-age")
    worker.start()
    plain = open(read, "rb")  # noqa: PTH123, SIM115 - a descriptor; closed before the thread is awaited
    try:
        yield plain
    except GrantlineError:
        plain.close()
        worker.join()
        if failures and not isinstance(failures[0], BrokenPipeError):
            raise _closed("identity") from None
        raise
    finally:
        plain.close()
        worker.join()


class _Chunks(io.RawIOBase):
    """A file to read from, made of chunks."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self.failure: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # a narrower buffer
        try:
            while not self._rest:
                self._rest = next(self._chunks)
        except StopIteration:
            return 0
        except Exception as error:
            self.failure = error
            raise
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def _recipient(text: str) -> pyrage.x25519.Recipient:
    with suppress(pyrage.RecipientError):
        return pyrage.x25519.Recipient.from_str(text.strip())
    raise InvalidInput(
        "A recipient is the public key of an age identity: age1 and 58 more characters.",
        field="--recipient",
        hint="Make an identity with age-keygen; its public key is printed.",
    )


def _identity(secret: Secret) -> pyrage.x25519.Identity:
    with suppress(pyrage.IdentityError):
        return pyrage.x25519.Identity.from_str(secret.reveal().strip())
    raise InvalidInput(
        "The identity file holds no age identity: a line that begins with AGE-SECRET-KEY-1.",
        field="--identity",
    )


def _closed(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"The backup does not open: the {what} is another one, or the file was damaged.",
        hint=f"Check the {what}, and the file against another copy of it.",
    )

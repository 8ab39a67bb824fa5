"""Everything an installation keeps, in one encrypted file; and an installation made from it again.

The master keys are in the file, unless they are left out on purpose: with its passphrase or
identity alone everything can be had again. A backup that needs a key that was lost with the disk
is worth nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from grantline.clock import Clock
from grantline.connections.keeping.backup_format import Header, Reader, write
from grantline.connections.keeping.master_keys import MasterKeys
from grantline.connections.settings import Settings
from grantline.errors import InvalidInput, KeyUnavailable
from grantline.secret import Secret
from grantline.store.open import fill_store
from grantline.store.protocol.store import Store
from grantline.store.snapshot import TableRows
from grantline.vault.age import HEAD_BYTES, decrypted, encrypt, is_age_file, wants_passphrase
from grantline.vault.keys import MasterKey, verify_check
from grantline.vault.kms import WrappedKeys
from grantline.vault.providers import KeyProvider, providers
from grantline.vault.unlock import KnownKey, gather


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What closes a backup and opens it again: a passphrase, or recipients and their identities."""

    passphrase: Secret | None = None
    recipients: tuple[str, ...] = ()
    identities: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What came out of a backup.

    Attributes:
        rows: How many, by table.
        keys_in: Where the master keys of the backup were put; empty when they were here.
    """

    created_at: datetime
    rows: Mapping[str, int]
    keys_in: str


def write_backup(
    store: Store, keys: MasterKeys, path: Path, lock: Lock, *, clock: Clock, with_keys: bool = True
) -> int:
    """Writes the database as it is now to a new file of mode 0600, whole or not at all.

    Others may go on using the database. Gives the size in bytes.

    Args:
        store: The database.
        keys: Its master keys.
        path: The file; it must not be there.
        lock: Closes it.
        clock: Tells when it was made.
        with_keys: Whether the master keys are put into it.

    Raises:
        KeyUnavailable: A master key that stored secrets need is not here to be put into it.
        InvalidInput: The file is there, cannot be written, or a recipient is none.
    """
    included = _included(store, keys) if with_keys else ()
    known = tuple(
        KnownKey(each.fingerprint, each.check, each.primary, each.wrapped)
        for each in store.list_keys()
    )
    instance = store.instance().id
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists():
            raise _unwritable(path, "it is there already")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with (
            open(descriptor, "wb") as file,  # noqa: PTH123 - a descriptor
            store.snapshot() as snapshot,
        ):
            header = Header(
                schema=snapshot.schema,
                instance=instance,
                created_at=clock.now(),
                known=known,
                master_keys=tuple(Secret(each.to_text()) for each in included),
            )
            chunks = write(header, snapshot.tables)
            encrypt(chunks, file, passphrase=lock.passphrase, recipients=lock.recipients)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        # A link is never made over a file that is there.
        os.link(draft, path)
    except OSError as error:
        raise _unwritable(path, error.strerror or "no reason given") from None
    finally:
        draft.unlink(missing_ok=True)
    return size


def opened_by_passphrase(path: Path) -> bool:
    """Whether a backup is opened with a passphrase, and not with an identity.

    Raises:
        InvalidInput: It cannot be read, or is no age file.
    """
    with _open(path) as file:
        return wants_passphrase(file.read(HEAD_BYTES))


def restore_backup(settings: Settings, path: Path, lock: Lock) -> Restored:
    """Fills the empty database of ``settings`` from a backup, and puts its master keys in place.

    Nothing is renewed there until somebody says that it is the only copy.

    Raises:
        ConfigurationError: The backup does not open, or the database is not empty.
        KeyUnavailable: The backup has no master key in it, and the one it needs is not here.
    """
    with (
        _open(path) as file,
        decrypted(file, passphrase=lock.passphrase, identities=lock.identities) as plain,
    ):
        reader = Reader(plain)
        header = reader.header
        places = providers(
            settings.environment,
            settings.data_dir,
            wrapped=lambda: [each.wrapped for each in header.known],
        )
        keys_in = ""

        def tables() -> Iterator[TableRows]:
            # Asked for once the database has turned out to be empty, and before anything is saved.
            nonlocal keys_in
            keys_in = _bring_keys(header, places)
            yield from reader.tables()

        rows = fill_store(
            settings.database_url,
            settings.data_dir,
            header.schema,
            tables(),
            restored_from=header.created_at,
        )
    return Restored(header.created_at, rows, keys_in)


def _bring_keys(header: Header, places: Sequence[KeyProvider]) -> str:
    """Sees to it that the keys of the backup are here; gives the place they were put in, if any."""
    used, ring = gather(places)
    here = {each.fingerprint: each for each in ring or ()}
    for known in header.known:
        key = here.get(known.fingerprint)
        if key is not None and not verify_check(key, known.check):
            raise KeyUnavailable(
                f"The master key {known.fingerprint} here is not the one the backup knows.",
                fingerprint=known.fingerprint,
                hint="One of them is damaged: bring the right key.",
            )
    wanted = header.primary
    if wanted is None or wanted.fingerprint in here:
        return ""
    keys = [MasterKey.parse(each.reveal(), source="The backup") for each in header.master_keys]
    if wanted.fingerprint not in {each.fingerprint for each in keys}:
        raise KeyUnavailable(
            f"The backup was made without its master key {wanted.fingerprint}, and that is not "
            "here either.",
            fingerprint=wanted.fingerprint,
            hint="Bring the key, in GRANTLINE_KEY or in a key file, and restore again.",
        )
    for place in places:
        if not isinstance(place, WrappedKeys) and all(
            place.add(each) for each in keys if each.fingerprint not in here
        ):
            return place.name
        if place is used:
            break
    raise KeyUnavailable(
        f"The backup needs its master key {wanted.fingerprint}, and the keys here come from "
        f"{used.name if used else 'nowhere'}, where this program cannot put it.",
        fingerprint=wanted.fingerprint,
        hint="Take GRANTLINE_KEY away for the restore: the key then goes into the key file.",
    )


def _included(store: Store, keys: MasterKeys) -> list[MasterKey]:
    """The keys to put into a backup, which must be all that it needs."""
    for each in keys.statuses():
        if each.sealed and not each.is_here:
            raise KeyUnavailable(
                f"{each.sealed} stored secrets need the master key {each.fingerprint}, which is "
                "not here: the backup could not be opened to the end.",
                fingerprint=each.fingerprint,
                hint="Bring that key, or make the backup without keys: --without-keys",
            )
    known = {each.fingerprint for each in store.list_keys()}
    return [each for each in keys.held if each.fingerprint in known]


def _open(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput(
            f"The backup {path} cannot be read: {error.strerror or 'no reason given'}.",
            field="FILE",
            hint="Check the path.",
        ) from None
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if is_age_file(head):
        return file
    file.close()
    raise InvalidInput(
        f"{path} is no backup of Grantline: it is not encrypted with age.",
        field="FILE",
        hint="Give a file that “grantline backup” made.",
    )


def _unwritable(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"The backup {path} cannot be written: {why}.",
        field="FILE",
        hint="Give a new file in a folder that is there.",
    )

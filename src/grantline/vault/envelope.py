"""The sealed form of one value: AES-256-GCM under a key of its own, which the master key wraps.

``v1.<fingerprint>.<nonce + wrapped data key>.<nonce + ciphertext>``, the last two in base64url.
Both parts are bound to the place of the value (workspace, table, row, column), so a sealed value
copied to another row does not open. The body is not bound to the master key: changing keys wraps
the data key again and leaves the body as it is.

Nonces are random (96 bits): safe for 2**32 wraps under one master key (NIST SP 800-38D section
8.3); a data key seals once.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from grantline.errors import SecretUnreadable
from grantline.vault.keys import KEY_BYTES, KeyRing, MasterKey

VERSION: Final = "v1"
_NONCE_BYTES: Final = 12
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs; it opens nowhere else."""

    workspace: str
    table: str
    row: str
    column: str

    def associated_data(self, purpose: bytes) -> bytes:
        """``purpose`` and the four names, each with its length, so that no two places collide."""
        names = (self.workspace, self.table, self.row, self.column)
        parts = (purpose, *(name.encode() for name in names))
        return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def seal(value: bytes, key: MasterKey, place: Place) -> str:
    """``value`` in sealed form, different each time."""
    data_key = os.urandom(KEY_BYTES)
    body = _encrypt(data_key, value, place.associated_data(b"value v1"))
    return f"{_head(data_key, key, place)}.{_encode(body)}"


def unseal(sealed: str, ring: KeyRing, place: Place) -> bytes:
    """What was sealed.

    Raises:
        KeyUnavailable: The ring lacks the key that sealed it.
        SecretUnreadable: It was damaged, cut short, or sealed for another place.
    """
    data_key, body = _unwrap(sealed, ring, place)
    return _decrypt(data_key, _decode(body, place), place, b"value v1")


def rewrap(sealed: str, ring: KeyRing, place: Place) -> str:
    """The same sealed body under the ring's primary key; the value itself is not opened.

    Raises as ``unseal``.
    """
    if wrapped_by(sealed) == ring.primary.fingerprint:
        return sealed
    data_key, body = _unwrap(sealed, ring, place)
    return f"{_head(data_key, ring.primary, place)}.{body}"


def wrapped_by(sealed: str) -> str:
    """The fingerprint of the master key that a sealed value names; empty when it is not one."""
    parts = sealed.split(".")
    if len(parts) != 4 or parts[0] != VERSION or not _FINGERPRINT.fullmatch(parts[1]):
        return ""
    return parts[1]


def head_of(fingerprint: str) -> str:
    """How every value begins that this master key wrapped."""
    return f"{VERSION}.{fingerprint}."


def _head(data_key: bytes, key: MasterKey, place: Place) -> str:
    wrapped = _encrypt(key.reveal(), data_key, place.associated_data(_wrap_purpose(key)))
    return f"{VERSION}.{key.fingerprint}.{_encode(wrapped)}"


def _unwrap(sealed: str, ring: KeyRing, place: Place) -> tuple[bytes, str]:
    fingerprint = wrapped_by(sealed)
    if not fingerprint:
        raise _unreadable(place, "not in the sealed form this version knows")
    key = ring.find(fingerprint)
    _, _, head, body = sealed.split(".")
    return _decrypt(key.reveal(), _decode(head, place), place, _wrap_purpose(key)), body


def _wrap_purpose(key: MasterKey) -> bytes:
    return b"data key v1 " + key.fingerprint.encode()


def _encrypt(key: bytes, value: bytes, associated: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, value, associated)


def _decrypt(key: bytes, data: bytes, place: Place, purpose: bytes) -> bytes:
    nonce, ciphertext = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, place.associated_data(purpose))
    except (InvalidTag, ValueError):  # ValueError: a nonce cut short
        raise _unreadable(place, "authentication failed") from None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str, place: Place) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise _unreadable(place, "not base64url") from None
    # Base64 has several spellings of the same bytes; only ours is accepted.
    if _encode(data) != text:
        raise _unreadable(place, "not base64url in its one spelling")
    return data


def _unreadable(place: Place, why: str) -> SecretUnreadable:
    return SecretUnreadable(
        f"The secret in {place.table}.{place.column} of {place.row} cannot be read: "
        "it was damaged or moved from another row.",
        hint="Restore the row from a backup, or enter the secret again.",
        detail=why,
    )

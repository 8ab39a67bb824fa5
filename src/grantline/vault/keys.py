"""Master keys as values: parsed, named by fingerprint, checked, never shown."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Iterator
from typing import Final, NoReturn

from grantline.errors import ConfigurationError, KeyUnavailable
from grantline.secret import REDACTED

KEY_BYTES: Final = 32
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_TO_URLSAFE: Final = str.maketrans("+/", "-_")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{43}=?", re.ASCII)
_MAKE_ONE: Final = "Make one with: openssl rand -base64 32"


class MasterKey:
    """32 bytes that wrap data keys. No repr, pickle or message shows them.

    Attributes:
        fingerprint: The key's public name: 16 hex digits of SHA-256 over a prefix and the key.
        wrapped: The key as a key management service wrapped it, no secret; empty for others.
    """

    __slots__ = ("__value", "fingerprint", "wrapped")

    def __init__(self, value: bytes, *, wrapped: str = "") -> None:
        if len(value) != KEY_BYTES:
            raise ConfigurationError(f"A master key is {KEY_BYTES} bytes long.", hint=_MAKE_ONE)
        self.__value = value
        digest = hashlib.sha256(b"grantline master key fingerprint v1\0" + value)
        self.fingerprint: Final = digest.hexdigest()[:16]
        self.wrapped: Final = wrapped

    @classmethod
    def generate(cls) -> MasterKey:
        """A new key from the operating system's randomness."""
        return cls(os.urandom(KEY_BYTES))

    @classmethod
    def parse(cls, text: str, *, source: str) -> MasterKey:
        """The key that ``text`` writes in base64url, base64 or hex; ``source`` is for the error."""
        text = text.strip()
        if _HEX.fullmatch(text):
            return cls(bytes.fromhex(text))
        if _BASE64.fullmatch(text):
            return cls(base64.urlsafe_b64decode(text.translate(_TO_URLSAFE).rstrip("=") + "="))
        raise ConfigurationError(
            f"{source} does not hold a master key: "
            f"{KEY_BYTES} random bytes in base64 (43 or 44 characters) or hex (64).",
            hint=_MAKE_ONE,
        )

    def reveal(self) -> bytes:
        """The key itself. Every use of this word is a place to review."""
        return self.__value

    def to_text(self) -> str:
        """The key itself, in base64url as ``parse`` reads it."""
        return base64.urlsafe_b64encode(self.__value).decode("ascii")

    def __repr__(self) -> str:
        return f"MasterKey({self.fingerprint}, {REDACTED})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MasterKey):
            return NotImplemented
        return hmac.compare_digest(self.__value, other.__value)

    def __hash__(self) -> int:
        return hash((MasterKey, self.fingerprint))

    def __reduce__(self) -> NoReturn:
        msg = "a MasterKey is not pickled"
        raise TypeError(msg)


class KeyRing:
    """The keys at hand: ``primary`` seals, every one opens. Iteration starts with the primary."""

    __slots__ = ("_keys", "primary")

    def __init__(self, primary: MasterKey, others: tuple[MasterKey, ...] = ()) -> None:
        self.primary: Final = primary
        self._keys = {key.fingerprint: key for key in (primary, *others)}

    @classmethod
    def parse(cls, text: str, *, source: str) -> KeyRing:
        """The ring that ``text`` writes: keys parted by commas or lines, the primary first."""
        keys = [MasterKey.parse(each, source=source) for each in re.split(r"[,\s]+", text.strip())]
        return cls(keys[0], tuple(keys[1:]))

    def find(self, fingerprint: str) -> MasterKey:
        """The key of this name; ``KeyUnavailable`` when it is not on the ring."""
        try:
            return self._keys[fingerprint]
        except KeyError:
            raise KeyUnavailable(
                f"A stored secret needs the master key {fingerprint}, which is not here.",
                fingerprint=fingerprint,
                hint="Add that key after the current one: GRANTLINE_KEY=current,older.",
            ) from None

    def led_by(self, fingerprint: str) -> KeyRing:
        """The same keys with this one as the primary; ``KeyUnavailable`` when it is not here."""
        return KeyRing(self.find(fingerprint), tuple(self))

    def joined(self, other: KeyRing) -> KeyRing:
        """The same ring with the keys of ``other`` behind its own."""
        return KeyRing(self.primary, (*self, *other))

    def to_text(self) -> str:
        """The keys themselves, as ``parse`` reads them."""
        return ",".join(key.to_text() for key in self)

    def __contains__(self, fingerprint: str) -> bool:
        return fingerprint in self._keys

    def __iter__(self) -> Iterator[MasterKey]:
        return iter(self._keys.values())

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"


def check_value(key: MasterKey) -> str:
    """What a store keeps to recognise ``key``; it tells nothing about the key itself."""
    return hmac.digest(key.reveal(), b"grantline key check v1", "sha256").hex()


def verify_check(key: MasterKey, check: str) -> bool:
    """True when ``check`` is the check value of ``key``."""
    return hmac.compare_digest(check_value(key).encode(), check.encode())

"""The instant and the randomness that one conversation is given, so that it needs no others."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

MIN_SEED_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Moment:
    """When a message is built, and the random bytes its identifiers come from.

    Attributes:
        now: The instant, aware and in UTC.
        seed: Fresh random bytes, at least 16; never used for two conversations.
    """

    now: datetime
    seed: bytes

    def __post_init__(self) -> None:
        if len(self.seed) < MIN_SEED_BYTES:
            msg = f"a seed has at least {MIN_SEED_BYTES} random bytes"
            raise ValueError(msg)

    def identifier(self, purpose: str) -> str:
        """An unguessable identifier (a ``jti``) for ``purpose``; another purpose gives another."""
        return base64url(hmac.digest(self.seed, purpose.encode(), "sha256"))

    @property
    def values(self) -> dict[str, str]:
        """The instant as texts, by the names that settings use for them."""
        seconds = self.now.timestamp()
        return {
            "now": str(int(seconds)),
            "now_ms": str(int(seconds * 1000)),
            "now_iso": f"{self.now:%Y-%m-%dT%H:%M:%SZ}",
        }

    def again(self) -> Moment:
        """The moment of a second attempt: the same instant, all identifiers new."""
        return replace(self, seed=hashlib.sha256(b"again" + self.seed).digest())

    def __repr__(self) -> str:
        return f"Moment({self.now.isoformat()})"


def base64url(data: bytes) -> str:
    """``data`` in base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""Ids: opaque, sortable by the time they were made, and prefixed by what they name."""

from __future__ import annotations

from datetime import datetime
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
ENTROPY_BYTES: Final = 10


def new_id(prefix: str, now: datetime, entropy: bytes) -> str:
    """An id such as ``con_01jd…``: 48 bits of milliseconds, then 80 random bits.

    The digits are Crockford's base 32, so ids sort as their instants do and none is misread.
    """
    number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(entropy[:ENTROPY_BYTES])
    digits = []
    for _ in range(26):
        number, digit = divmod(number, 32)
        digits.append(ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(digits))}"

"""Spans as files write them: ``10 min``, ``1 h 30 min``, ``0.5 s``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from grantline.errors import InvalidInput

_UNITS: Final = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
# What people write for them too; files are written with the short ones.
_ALIASES: Final = {
    "day": "d",
    "days": "d",
    "hour": "h",
    "hours": "h",
    "m": "min",
    "minute": "min",
    "minutes": "min",
    "sec": "s",
    "second": "s",
    "seconds": "s",
}
_LONGEST_TEXT: Final = 60
_ONE = re.compile(r"\s*([0-9]{1,12})(?:\.([0-9]{1,6}))?\s*([a-z]*)", re.ASCII)


def span_words(span: timedelta) -> str:
    """``span`` in words that ``parse_span`` reads back to the microsecond."""
    if span < timedelta(0):
        return f"-{span_words(-span)}"
    words = []
    for unit in ("d", "h", "min"):
        count, span = divmod(span, _UNITS[unit])
        if count:
            words.append(f"{count} {unit}")
    if span or not words:
        fraction = f".{span.microseconds:06}".rstrip("0") if span.microseconds else ""
        words.append(f"{span.seconds}{fraction} s")
    return " ".join(words)


def parse_span(text: str, *, field: str) -> timedelta:
    """The span that ``90``, ``90 s``, ``5 min``, ``1 h 30 min`` or ``2 days`` means.

    A number without a unit is seconds.

    Raises:
        InvalidInput: It is none of these.
    """
    span = timedelta(0)
    rest = text.strip().lower()
    parts = 0
    try:
        while rest and len(text) <= _LONGEST_TEXT:
            match = _ONE.match(rest)
            if match is None or (not match[3] and (parts or match.end() < len(rest))):
                break
            unit = _UNITS[_ALIASES.get(match[3] or "s", match[3] or "s")]
            # In whole numbers, because a float of seconds has no room for years to the microsecond.
            span += int(match[1]) * unit
            span += int((match[2] or "").ljust(6, "0")) * unit / 1_000_000
            rest = rest[match.end() :].lstrip()
            parts += 1
    except (KeyError, OverflowError):
        parts = 0
    if rest or not parts:
        raise InvalidInput(
            f"“{text[:_LONGEST_TEXT]}” is not a length of time.",
            field=field,
            hint="Write a number and a unit: 30 s, 10 min, 1 h 30 min or 2 d.",
        )
    return span

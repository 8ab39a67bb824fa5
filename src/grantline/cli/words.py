"""Times, states and warnings in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from grantline.errors import InvalidInput
from grantline.oauth.token_set import Warn

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))

WARNINGS: Final = {
    Warn.NO_EXPIRY: (
        "The service did not say when the token expires; it is renewed when the service refuses it."
    ),
    Warn.NO_REFRESH_TOKEN: (
        "The service gave no refresh token, so a person must authorize again when the access token "
        "ends. Usual causes: a scope such as offline_access is missing, or the service wants "
        "--authorize-parameter access_type=offline (Google) or prompt=consent."
    ),
    Warn.EXPIRES_INVALID: "The lifetime that the service sent is no number; it counts as unknown.",
    Warn.EXPIRES_ZERO: "The service sent a lifetime of zero; it counts as unknown.",
    Warn.EXPIRES_CLAMPED: "The service sent an impossibly long lifetime; it was shortened.",
    Warn.EXPIRES_CONFLICT: "The service sent two lifetimes that differ; the shorter one counts.",
    Warn.BAD_TOKEN_TYPE: "The service sent an odd token_type; the token is used as Bearer.",
    Warn.NON_UTF8: "The service's answer was not UTF-8.",
    Warn.NONSTANDARD_JSON: "The service's answer was not standard JSON; it was read all the same.",
    Warn.SCOPE_REDUCED: "The service granted fewer scopes than were asked for.",
    Warn.REFRESH_TOKEN_COERCED: "The refresh token came as something other than text.",
    Warn.REFRESH_EXPIRING_SOON: "The refresh token ends soon: reauthorize before then.",
}


def printable(text: str) -> str:
    """``text`` without characters that could move a cursor or hide other text."""
    return "".join(each if _is_visible(each) else "\N{REPLACEMENT CHARACTER}" for each in text)


def _is_visible(character: str) -> bool:
    # Cc and Cf hold the escape that begins terminal commands, and the marks that turn text around.
    return character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def span(length: timedelta) -> str:
    """A length of time in its one or two largest units: ``42 min``, ``1 h 5 min``, ``2 d 3 h``."""
    seconds = round(abs(length.total_seconds()))
    if seconds > 60:
        seconds = (seconds + 30) // 60 * 60
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours and days < 7 else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def relative(instant: datetime, now: datetime) -> str:
    """``in 42 min`` or ``3 h ago``."""
    return f"in {span(instant - now)}" if instant > now else f"{span(now - instant)} ago"


def when(instant: datetime | None, now: datetime, *, otherwise: str = "never") -> str:
    """The relative time with the exact instant behind it, in this machine's zone."""
    if instant is None:
        return otherwise
    return f"{relative(instant, now)} ({instant.astimezone():%Y-%m-%d %H:%M:%S %Z})"


def utc(instant: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def state_words(state: str) -> str:
    """A state's name as people read it."""
    return state.replace("_", " ")


def listed(words: Iterable[str], *, nothing: str = "none") -> str:
    """``a, b, c``, or what to say when there are none."""
    return ", ".join(words) or nothing


def parse_span(text: str, *, field: str) -> timedelta:
    """The length of time that ``90``, ``90s``, ``5m``, ``2h`` or ``1d`` means.

    Raises:
        InvalidInput: It is none of these.
    """
    number, unit = (text[:-1], text[-1:]) if text[-1:].isalpha() else (text, "s")
    factor = dict(_UNITS).get(unit)
    if factor is None or not number.isdecimal() or not number.isascii() or len(number) > 9:
        raise InvalidInput(
            f"{field} “{text}” is not a length of time.",
            field=field,
            hint="Write a whole number and a unit: 30s, 5m, 2h or 1d.",
        )
    return timedelta(seconds=int(number) * factor)

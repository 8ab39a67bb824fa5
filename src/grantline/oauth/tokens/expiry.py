"""When tokens die: lifetimes and dates of an answer as instants (RFC 6749 section 5.1).

A relative lifetime counts from our own clock and beats a date, which depends on the server's.
What makes no sense is "unknown" with a warning, and unknown means neither now nor never: the
token is used until the service refuses it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from grantline.oauth.answers.retry_after import parse_http_date
from grantline.oauth.app.response_rules import LifetimeUnit
from grantline.oauth.token_set import Warn

MAX_LIFETIME_S: Final = 2**31 - 1
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# A lifetime and a date may differ by so much before it is worth a word: clocks do.
CONFLICT_TOLERANCE: Final = timedelta(minutes=5)

# The first of these that is there counts. `expires_in_sec` stands before `expires_in` because a
# service that sends both (Zoho) means milliseconds by the latter.
RELATIVE_NAMES: Final = (
    *("expires_in_sec", "expires_in", "expires", "access_token_expires_in", "token_expires_in"),
    "expire_in",
)
ABSOLUTE_NAMES: Final = (
    *("expires_at", "expires_on", "access_token_expires_at", "token_expires_at", "expiry"),
    *("expiration", "expiry_date", "expires_date", "expire_time", ".expires"),
    "access_token_expiration",
)
REFRESH_RELATIVE_NAMES: Final = (
    *("refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"),
    *("rt_expires_in", "re_expires_in"),
)
REFRESH_ABSOLUTE_NAMES: Final = (
    *("refresh_token_expires_at", "refresh_expires_at", "refresh_token_expiration"),
)

_SECONDS_IN: Final = {
    LifetimeUnit.SECONDS: 1,
    LifetimeUnit.MILLISECONDS: 0.001,
    LifetimeUnit.MINUTES: 60,
    LifetimeUnit.HOURS: 3600,
    LifetimeUnit.DAYS: 86400,
}
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,400}(?:\.[0-9]{0,400})?(?:[eE][+-]?[0-9]{1,4})?")
_BOUND: Final = 2**63
_MILLISECONDS_FROM: Final = 10**11  # as seconds, that would be the year 5138
_DATES_FROM: Final = 10**9  # as a lifetime, that would be 31 years


@dataclass(frozen=True, slots=True)
class Expiry:
    """The end of a token, as far as it is known.

    Attributes:
        at: The instant, or None for unknown.
        warnings: What was odd about it.
        names: The answer's fields that it was read from.
    """

    at: datetime | None = None
    warnings: tuple[Warn, ...] = ()
    names: tuple[str, ...] = ()


def access_token_expiry(
    find: Callable[[str], Any],
    *,
    now: datetime,
    lifetime_name: str = "",
    date_name: str = "",
    unit: LifetimeUnit = LifetimeUnit.SECONDS,
    default: timedelta | None = None,
) -> Expiry:
    """When the access token of an answer dies.

    Args:
        find: The value of a field by its name; None when it is not there.
        now: When the answer came.
        lifetime_name: A service's own name for the lifetime, before the usual ones.
        date_name: A service's own name for the date, before the usual ones.
        unit: The unit of ``expires_in`` and its like; ``expires_in_sec`` says its own.
        default: The lifetime when the answer tells none.
    """
    lifetime = _first(find, (lifetime_name, *RELATIVE_NAMES))
    date = _first(find, (date_name, *ABSOLUTE_NAMES))
    if lifetime is None and date is None:
        if default is not None:
            return Expiry(now + default)
        return Expiry(None, (Warn.NO_EXPIRY,))
    relative = _relative(*lifetime, now=now, unit=unit) if lifetime else Expiry()
    absolute = _absolute(*date, now=now) if date else Expiry()
    names = relative.names + absolute.names
    if relative.at is None:
        # Of a lifetime that makes no sense the warning stays, whatever the date says.
        warnings = relative.warnings or absolute.warnings
        return Expiry(absolute.at, tuple(dict.fromkeys(warnings)), names)
    disputed = date is not None and (
        absolute.at is None or abs(absolute.at - relative.at) > CONFLICT_TOLERANCE
    )
    return Expiry(relative.at, relative.warnings + (Warn.EXPIRES_CONFLICT,) * disputed, names)


def refresh_token_expiry(
    find: Callable[[str], Any],
    *,
    now: datetime,
    lifetime_name: str = "",
    unit: LifetimeUnit = LifetimeUnit.SECONDS,
    default: timedelta | None = None,
) -> Expiry:
    """When the refresh token of an answer dies, for services that tell; never a warning.

    Arguments are those of ``access_token_expiry``; the unit is that of ``lifetime_name`` alone.
    """
    own = _first(find, (lifetime_name,))
    lifetime = own or _first(find, REFRESH_RELATIVE_NAMES)
    date = _first(find, REFRESH_ABSOLUTE_NAMES)
    usual = LifetimeUnit.SECONDS
    relative = _relative(*lifetime, now=now, unit=unit if own else usual) if lifetime else Expiry()
    absolute = _absolute(*date, now=now) if date else Expiry()
    at = relative.at or absolute.at
    if at is None and default is not None:
        at = now + default
    return Expiry(at, (), relative.names + absolute.names)


def lifetime_end(value: Any, *, now: datetime) -> datetime | None:
    """The end of a lifetime in seconds that starts ``now``; None when ``value`` is none."""
    return _relative("", value, now=now).at


def _first(find: Callable[[str], Any], names: Iterable[str]) -> tuple[str, Any] | None:
    found = ((name, find(name)) for name in names if name)
    # An empty value counts as absent (RFC 6749 section 3.1).
    return next(((name, value) for name, value in found if value not in (None, "")), None)


def _relative(
    name: str, value: Any, *, now: datetime, unit: LifetimeUnit = LifetimeUnit.SECONDS
) -> Expiry:
    number = _number(value)
    if name == "expires" and (number is None or number >= _DATES_FROM):
        return _absolute(name, value, now=now)
    if number is None:
        return Expiry(None, (Warn.EXPIRES_INVALID,), (name,))
    if name != "expires_in_sec":
        number *= _SECONDS_IN[unit]
    seconds = math.floor(number)
    if seconds <= 0:
        warning = Warn.EXPIRES_ZERO if number >= 0 else Warn.EXPIRES_INVALID
        return Expiry(None, (warning,), (name,))
    return _after(now, seconds, name)


def _absolute(name: str, value: Any, *, now: datetime) -> Expiry:
    number = _number(value)
    if number is None:
        date = _date(value) if isinstance(value, str) else None
        number = None if date is None else (date - EPOCH).total_seconds()
    else:
        while number >= _MILLISECONDS_FROM:  # and once more where those are microseconds
            number /= 1000
    if number == 0:
        return Expiry(None, (Warn.EXPIRES_ZERO,), (name,))
    ahead = 0 if number is None else math.floor(number) - math.floor((now - EPOCH).total_seconds())
    if ahead <= 0:
        return Expiry(None, (Warn.EXPIRES_INVALID,), (name,))
    return _after(now.replace(microsecond=0), ahead, name)


def _after(now: datetime, seconds: int, name: str) -> Expiry:
    clamped = seconds > MAX_LIFETIME_S
    at = now + timedelta(seconds=min(seconds, MAX_LIFETIME_S))
    return Expiry(at, (Warn.EXPIRES_CLAMPED,) * clamped, (name,))


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        value = float(text) if _NUMBER.fullmatch(text) else None
    if not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return float(max(-_BOUND, min(value, _BOUND)))  # float() refuses integers of 309 digits
    return value if math.isfinite(value) else None


def _date(text: str) -> datetime | None:
    text = text.strip().removesuffix(" UTC")  # as Ruby writes it
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return parse_http_date(text)
    try:
        # A date without a zone is in UTC: the only reading that two machines share.
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        return None

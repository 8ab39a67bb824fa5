"""Moments read and written, and steps through the calendar, the same in every locale."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from grantline.calls.expressions.operators import exactly
from grantline.calls.expressions.texts import text_of
from grantline.calls.expressions.values import is_number
from grantline.calls.expressions.wording import Refused, clipped, did_you_mean, kind_of

UNITS: Final = ("millisecond", "second", "minute", "hour", "day", "week", "month", "year")
NAMED_PATTERNS: Final = {
    "iso": "%Y-%m-%dT%H:%M:%S%z",
    "date": "%Y-%m-%d",
    "time": "%H:%M:%S",
    "datetime": "%Y-%m-%d %H:%M:%S",
}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LONGEST: Final = 100
_OFFSET: Final = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")
_DIRECTIVE: Final = re.compile(r"%(-?[A-Za-z%])")
_ISO: Final = re.compile(r"\d{4}-?(\d\d|W\d\d)", re.ASCII)

_WRITES: Final[dict[str, Callable[[datetime], str]]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "-m": lambda at: str(at.month),
    "B": lambda at: _MONTHS[at.month - 1],
    "b": lambda at: _MONTHS[at.month - 1][:3],
    "d": lambda at: f"{at.day:02}",
    "-d": lambda at: str(at.day),
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "A": lambda at: _DAYS[at.weekday()],
    "a": lambda at: _DAYS[at.weekday()][:3],
    "u": lambda at: str(at.isoweekday()),
    "G": lambda at: f"{at.isocalendar().year:04}",
    "V": lambda at: f"{at.isocalendar().week:02}",
    "H": lambda at: f"{at.hour:02}",
    "-H": lambda at: str(at.hour),
    "I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "-I": lambda at: str((at.hour - 1) % 12 + 1),
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "f": lambda at: f"{at.microsecond:06}",
    "z": lambda at: at.isoformat()[-6:].replace(":", "") if at.tzinfo else "",
    "Z": lambda at: at.tzname() or "",
    "s": lambda at: str(int(at.timestamp() // 1)),
    "%": lambda _: "%",
}
_READS: Final = frozenset("YymBbdjAaHIpMSfz%")


def moment(value: Any, zone: tzinfo = UTC) -> datetime:
    """The moment that a text means, or a number of seconds since 1970.

    Raises:
        Refused: It means none.
    """
    try:
        if is_number(value):
            number = exactly(value)
            start = datetime(1970, 1, 1, tzinfo=UTC)
            return start + timedelta(microseconds=int(number * 1_000_000))
        if isinstance(value, str) and len(value) <= _LONGEST:
            text = value.strip()
            found = (
                datetime.fromisoformat(text) if _ISO.match(text) else parsedate_to_datetime(text)
            )
            return found if found.tzinfo else found.replace(tzinfo=zone)
    except (ValueError, OverflowError, TypeError, IndexError):
        pass
    raise Refused(
        f"This is {kind_of(value)} that means no moment.",
        'Moments are written as 2026-01-31T09:00:00Z; parse_date("%d.%m.%Y") reads others.',
    )


def written(at: datetime) -> str:
    """``at`` in ISO 8601; UTC is Z."""
    text = at.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def zone_of(name: Any) -> tzinfo:
    """The time zone of an IANA name or an offset such as ``+02:00``; None is UTC."""
    if name is None:
        return UTC
    text = text_of(name)
    offset = _OFFSET.fullmatch(text)
    try:
        if offset is not None:
            span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            return timezone(-span if offset[1] == "-" else span)
        if len(text) <= _LONGEST:
            return UTC if text in {"UTC", "Z"} else ZoneInfo(text)
    except (ValueError, KeyError, OSError):
        pass
    raise Refused(
        f"There is no time zone {clipped(text)}.", "Zones have names such as Europe/Berlin."
    )


def unit_of(value: Any) -> str:
    """The unit that ``value`` names, in singular or plural."""
    name = text_of(value).strip().lower()
    single = name.removesuffix("s")
    if single not in UNITS:
        units = [f"{each}s" for each in UNITS]
        raise Refused(
            f"There is no unit {clipped(name)}.",
            did_you_mean(name, units) or f"Units are {', '.join(units)}.",
        )
    return single


def stepped(at: datetime, count: int, unit: str) -> datetime:
    """``at``, so many days, weeks, months or years later, at the same time of day.

    The 31st becomes the last day of a shorter month.
    """
    if unit in {"day", "week"}:
        days = count * (7 if unit == "week" else 1)
        return at.replace(tzinfo=None).__add__(timedelta(days=days)).replace(tzinfo=at.tzinfo)
    months = at.year * 12 + at.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    first = at.replace(year=year, month=month + 1, day=1)
    return first.replace(day=min(at.day, _days_in(year, month + 1)))


def whole_months(start: datetime, end: datetime) -> int:
    """How many whole months lie between."""
    if end < start:
        return -whole_months(end, start)
    end = end.astimezone(start.tzinfo)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months - (1 if months and stepped(start, months, "month") > end else 0)


def formatted(at: datetime, pattern: str) -> str:
    """``at`` as ``pattern`` writes it.

    Raises:
        Refused: There is something after a ``%`` that nobody knows.
    """
    if pattern == "http":
        return formatted(at.astimezone(UTC), "%a, %d %b %Y %H:%M:%S GMT")
    if pattern == "mail":
        return formatted(at, "%a, %d %b %Y %H:%M:%S %z")
    if pattern == "iso":
        return written(at)
    pattern = NAMED_PATTERNS.get(pattern, pattern)
    _check(pattern, _WRITES)
    if "%" not in pattern:
        raise Refused(
            "This pattern has no %Y or the like in it.",
            f"Named ones are iso, http, mail, {', '.join(list(NAMED_PATTERNS)[1:])}.",
        )
    return _DIRECTIVE.sub(lambda found: _WRITES[found[1]](at), pattern)


def parsed(text: str, pattern: str, zone: tzinfo) -> datetime:
    """The moment that ``text`` means when it is written as ``pattern`` says."""
    _check(pattern, _READS)
    if len(text) > _LONGEST:
        raise Refused("This text is too long for a date.")
    try:
        found = datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 - the zone comes below
    except (ValueError, re.error, OverflowError):
        raise Refused("This text is not written as the pattern says.") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _check(pattern: str, known: Any) -> None:
    if len(pattern) > _LONGEST:
        raise Refused("This pattern is too long.")
    for found in re.finditer(r"%(-?.?)", pattern, re.DOTALL):
        if found[1] not in known:
            raise Refused(
                f"A pattern has no {clipped(found[0])}.",
                f"There is {', '.join(f'%{each}' for each in sorted(known))}.",
            )


def _days_in(year: int, month: int) -> int:
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return (following - timedelta(days=1)).day if year < 9999 or month < 12 else 31

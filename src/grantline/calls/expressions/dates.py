"""Filters for dates and times, which are texts in ISO 8601: ``2026-01-31T09:00:00Z``.

None of them knows what time it is; ``run.now`` is that of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from grantline.calls.expressions.calendar import (
    NAMED_PATTERNS,
    formatted,
    moment,
    parsed,
    stepped,
    unit_of,
    whole_months,
    written,
    zone_of,
)
from grantline.calls.expressions.numbers import number_of
from grantline.calls.expressions.operators import exactly, neat, quotient
from grantline.calls.expressions.texts import text_of
from grantline.calls.expressions.values import Number
from grantline.calls.expressions.wording import Refused

SPANS: Final = {
    "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def parse_date(value: Any, pattern: Any = None, zone: Any = None) -> str:
    """The moment that a text means; without a zone of its own it is meant in ``zone``, or UTC."""
    where = zone_of(zone)
    if pattern is None:
        return written(moment(value, where))
    shape = text_of(pattern)
    return written(parsed(text_of(value), NAMED_PATTERNS.get(shape, shape), where))


def format_date(value: Any, pattern: Any = "date", zone: Any = None) -> str:
    """Written in a pattern of ``%Y`` and the like, or one of those that have a name."""
    return formatted(_in_zone(value, zone), text_of(pattern))


def to_zone(value: Any, zone: Any) -> str:
    """The same moment by the clocks of a time zone."""
    return written(_in_zone(value, zone))


def add_time(value: Any, amount: Any, unit: Any = "seconds", zone: Any = None) -> str:
    """So much later. Days and longer keep the time of day in ``zone``."""
    number = exactly(number_of(amount, "add_time"))
    name = unit_of(unit)
    start = _in_zone(value, zone)
    try:
        if name in {"day", "week", "month", "year"}:
            if not isinstance(number, int):
                raise Refused(f"add_time takes whole {name}s.", "Use hours for parts of a day.")
            return written(stepped(start, number, name))
        span = timedelta(microseconds=int(number * (SPANS[name] // _MICROSECOND)))
        return written((start.astimezone(UTC) + span).astimezone(start.tzinfo))
    except (OverflowError, ValueError):
        raise Refused("This leads beyond the years 1 to 9999.") from None


def subtract_time(value: Any, amount: Any, unit: Any = "seconds", zone: Any = None) -> str:
    """So much earlier, as ``add_time``."""
    return add_time(value, -number_of(amount, "subtract_time"), unit, zone)


def until(value: Any, other: Any, unit: Any = "seconds") -> Number:
    """How long it is from here to the other moment; below 0 when that is earlier."""
    start, end = moment(value), moment(other)
    name = unit_of(unit)
    if name in {"month", "year"}:
        months = whole_months(start, end)
        return months if name == "month" else int(months / 12)
    return _counted(end - start, SPANS[name])


def start_of(value: Any, unit: Any, zone: Any = None) -> str:
    """The first moment of its hour, day, week (from Monday), month or year."""
    return written(_start(_in_zone(value, zone), unit_of(unit)))


def end_of(value: Any, unit: Any, zone: Any = None) -> str:
    """The last second of its hour, day, week, month or year."""
    name = unit_of(unit)
    start = _start(_in_zone(value, zone), name)
    try:
        after = start + SPANS[name] if name in {"minute", "hour"} else stepped(start, 1, name)
    except (OverflowError, ValueError):
        raise Refused("This leads beyond the years 1 to 9999.") from None
    return written(after - timedelta(seconds=1))


def to_epoch(value: Any, unit: Any = "seconds") -> Number:
    """Seconds, or milliseconds, since the beginning of 1970."""
    return _counted(moment(value) - _START, SPANS[_epoch_unit(unit)])


def from_epoch(value: Any, unit: Any = "seconds") -> str:
    """The moment that many seconds, or milliseconds, after the beginning of 1970."""
    number = exactly(number_of(value, "from_epoch"))
    try:
        span = SPANS[_epoch_unit(unit)] // _MICROSECOND
        return written(_START + timedelta(microseconds=int(number * span)))
    except (OverflowError, ValueError):
        raise Refused(
            "This leads beyond the years 1 to 9999.",
            'A number of milliseconds is read with from_epoch("milliseconds").',
        ) from None


def _counted(span: timedelta, unit: timedelta) -> Number:
    if not span % unit:
        return span // unit
    return neat(quotient(Decimal(span // _MICROSECOND), Decimal(unit // _MICROSECOND)))


def _in_zone(value: Any, zone: Any) -> datetime:
    found = moment(value, zone_of(zone))
    try:
        return found if zone is None else found.astimezone(zone_of(zone))
    except (OverflowError, ValueError):
        raise Refused("This leads beyond the years 1 to 9999.") from None


def _start(found: datetime, unit: str) -> datetime:
    match unit:
        case "minute":
            return found.replace(second=0, microsecond=0)
        case "hour":
            return found.replace(minute=0, second=0, microsecond=0)
        case "second" | "millisecond":
            raise Refused("A unit here is minute, hour, day, week, month or year.")
    day = found.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit == "week":
        return stepped(day, -day.weekday(), "day")
    if unit == "day":
        return day
    return day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)


def _epoch_unit(unit: Any) -> str:
    name = unit_of(unit)
    if name not in {"second", "millisecond"}:
        raise Refused("Epochs are counted in seconds or milliseconds.")
    return name


DATES: Final[dict[str, Callable[..., Any]]] = {
    "parse_date": parse_date,
    "format_date": format_date,
    "to_zone": to_zone,
    "add_time": add_time,
    "subtract_time": subtract_time,
    "until": until,
    "start_of": start_of,
    "end_of": end_of,
    "to_epoch": to_epoch,
    "from_epoch": from_epoch,
}

OF_DATES: Final[dict[str, Callable[..., Any]]] = {
    "earlier_than": lambda value, other: moment(value) < moment(other),
    "later_than": lambda value, other: moment(value) > moment(other),
}

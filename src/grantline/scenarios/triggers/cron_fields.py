"""The five fields of a schedule, read strictly: what is wrong is named by its field.

The grammar is that of crontab(5), with what everybody writes besides: ``L`` for the last day of a
month, ``mon#2`` and ``L5`` for the second Monday and the last Friday of one, ``5/10``, ranges that
go round (``fri-mon``), and names such as ``@daily``. What the library behind the schedules would
read otherwise than people do is refused, or written in the way that both read alike: to it, ``9-9``
is every hour, and ``21-6/4`` is no step of four.
"""

from __future__ import annotations

import re
from calendar import day_abbr, month_abbr
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from grantline.errors import InvalidInput

LONGEST: Final = 256
ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS: Final = {month_abbr[number].lower(): number for number in range(1, 13)}
_WEEKDAYS: Final = {day_abbr[(number - 1) % 7].lower(): number for number in range(7)}
_ITEM: Final = re.compile(
    r"(?:(?P<all>\*)|(?P<low>[a-z0-9]+)(?:-(?P<high>[a-z0-9]+))?)(?:/(?P<step>[0-9]+))?", re.ASCII
)
_NTH: Final = re.compile(r"(?P<day>[a-z0-9]+)#(?P<nth>[0-9]+)", re.ASCII)
_LAST_WEEKDAY: Final = re.compile(r"l(?P<day>[0-7])", re.ASCII)
LAST: Final = -1


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one of the five fields may hold."""

    name: str
    low: int
    high: int
    names: dict[str, int]
    most_step: int


_KINDS: Final = (
    _Kind("minute", 0, 59, {}, 59),
    _Kind("hour", 0, 23, {}, 23),
    _Kind("day of the month", 1, 31, {}, 31),
    _Kind("month", 1, 12, _MONTHS, 12),
    # 7 is Sunday as well.
    _Kind("day of the week", 0, 7, _WEEKDAYS, 7),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CronField:
    """One field, read.

    Attributes:
        text: As it was written, in lower case.
        values: Every number that it holds, in order; Sunday is 0.
        step: Of ``*/15``; None of everything else.
        is_last: Whether the last day of the month is among its days.
        nth: Weekdays with which of the month: ``(1, 2)`` is the second Monday, ``(5, LAST)`` the
            last Friday.
    """

    text: str
    values: tuple[int, ...]
    step: int | None = None
    is_last: bool = False
    nth: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A schedule's five fields.

    Attributes:
        plain: The five fields as the library is given them.
    """

    plain: str
    minute: CronField
    hour: CronField
    day: CronField
    month: CronField
    weekday: CronField

    @property
    def any_hour(self) -> bool:
        """Whether every hour of the day is in it."""
        return len(self.hour.values) == 24

    @property
    def any_day(self) -> bool:
        """Whether the day of the month does not matter."""
        return self.day.text == "*"

    @property
    def any_weekday(self) -> bool:
        """Whether the day of the week does not matter."""
        return self.weekday.text == "*"


def read_cron(text: str) -> Cron:
    """The five fields of ``text``.

    Raises:
        InvalidInput: Names the field that is wrong, and why.
    """
    words = _words(text)
    minute, hour, day, month, weekday = fields = [
        _read(word, kind) for word, kind in zip(words, _KINDS, strict=True)
    ]
    cron = Cron(
        # "*/1" is "*" to people, and to the library every day whatever the weekday says.
        plain=" ".join(each.text for each in fields),
        minute=minute,
        hour=hour,
        day=day,
        month=month,
        weekday=weekday,
    )
    if weekday.nth and not cron.any_day:
        raise _wrong(
            "A schedule cannot have both a day of the month and which weekday of the month.",
            f'Write * for the day of the month, or a plain weekday for "{weekday.text}".',
        )
    _refuse_never(cron)
    return cron


def _words(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise _wrong(f"The schedule is longer than {LONGEST} characters.", _FIVE)
    wanted = text.strip().lower()
    if wanted.startswith("@"):
        if wanted in ALIASES:
            return ALIASES[wanted].split()
        if wanted == "@reboot":
            raise _wrong(
                '"@reboot" is no schedule: nothing starts here when the machine does.', _FIVE
            )
        raise _wrong(f'"{text.strip()}" is no schedule.', near(wanted, ALIASES) or _FIVE)
    # Of spaces and tabs only: the library takes a no-break space for part of a word.
    words = re.split(r"[ \t]+", wanted) if wanted else []
    if len(words) == 5:
        return words
    if len(words) in {6, 7}:
        raise _wrong(
            f"The schedule has {len(words)} fields; it takes five, without seconds and years.",
            "A schedule runs at most once a minute. " + _FIVE,
        )
    if not words:
        raise _wrong("The schedule is empty.", _FIVE)
    counted = "one field" if len(words) == 1 else f"{len(words)} fields"
    raise _wrong(f"The schedule has {counted}; it takes five.", _FIVE)


def _read(text: str, kind: _Kind) -> CronField:
    values: set[int] = set()
    nth: list[tuple[int, int]] = []
    is_last = False
    for item in text.split(","):
        if kind.name == "day of the month" and item == "l":
            is_last = True
        elif (found := _nth(item, kind)) is not None:
            nth.append(found)
        else:
            values.update(_item(item, text, kind))
    if "*" in text.split(",")[1:] or text.startswith("*,"):
        raise _wrong(
            f'The {kind.name}, "{text}", has * among other values.',
            "Write * alone, or the values without it.",
        )
    if nth and values:
        raise _wrong(
            f'The {kind.name}, "{text}", mixes plain weekdays with which one of the month.',
            "Write all of them one way or the other.",
        )
    step = re.fullmatch(r"\*/([0-9]+)", text)
    return CronField(
        text="*" if step and int(step[1]) == 1 else text,
        values=tuple(sorted(values)),
        step=int(step[1]) if step and int(step[1]) > 1 else None,
        is_last=is_last,
        nth=tuple(nth),
    )


def _nth(item: str, kind: _Kind) -> tuple[int, int] | None:
    if kind.name != "day of the week":
        return None
    if found := _LAST_WEEKDAY.fullmatch(item):
        return int(found["day"]) % 7, LAST
    if not (found := _NTH.fullmatch(item)):
        return None
    which = int(found["nth"])
    if not 1 <= which <= 5:
        raise _wrong(
            f'The {kind.name}, "{item}", asks for a weekday that no month has.',
            "After # comes a number from 1 to 5; L5 is the last Friday.",
        )
    return _number(found["day"], kind) % 7, which


def _item(item: str, text: str, kind: _Kind) -> Iterator[int]:
    found = _ITEM.fullmatch(item)
    if not found:
        hint = "Write * where it does not matter." if "?" in item else _such_as(kind)
        shown = f'"{item}"' if item else "an empty item"
        raise _wrong(f'The {kind.name}, "{text}", has {shown}, which cannot be read.', hint)
    low, high = kind.low, min(kind.high, 6) if kind.names is _WEEKDAYS else kind.high
    if not found["all"]:
        low = _number(found["low"], kind)
        if found["high"]:
            high = _number(found["high"], kind)
            _refuse_odd_range(low, high, found["step"], item, kind)
        elif not found["step"]:
            high = low
    step = _step(found["step"], item, kind)
    if high < low:  # goes round: fri-mon, 22-6
        high += 7 if kind.names is _WEEKDAYS else kind.high - kind.low + 1
    return (_wrapped(each, kind) for each in range(low, high + 1, step))


def _wrapped(value: int, kind: _Kind) -> int:
    if kind.names is _WEEKDAYS:
        return value % 7
    return value if value <= kind.high else value - (kind.high - kind.low + 1)


def _refuse_odd_range(low: int, high: int, step: str | None, item: str, kind: _Kind) -> None:
    if low == high or (kind.names is _WEEKDAYS and (low, high) == (7, 0)):
        raise _wrong(
            f'The {kind.name}, "{item}", is a range from one value to the same.',
            f'Write "{low}" alone, or * for every one.',
        )
    if high < low and step:
        raise _wrong(
            f'The {kind.name}, "{item}", goes round the end with a step.',
            "Write the values with commas.",
        )


def _step(text: str | None, item: str, kind: _Kind) -> int:
    if text is None:
        return 1
    step = int(text)
    if not 1 <= step <= kind.most_step:
        raise _wrong(
            f'The {kind.name}, "{item}", has a step of {step}; it can be 1 to {kind.most_step}.',
            "A step counts anew in each hour, day, month or year.",
        )
    return step


def _number(word: str, kind: _Kind) -> int:
    if word in kind.names:
        return kind.names[word]
    if not word.isdigit():
        # "monday" begins with the name that is meant.
        shorter = word[:3] if word[:3] in kind.names and len(word) > 3 else ""
        hint = f'Did you mean "{shorter}"?' if shorter else near(word, kind.names)
        raise _wrong(f'The {kind.name}, "{word}", cannot be read.', hint or _such_as(kind))
    number = int(word)
    if not kind.low <= number <= kind.high:
        raise _wrong(
            f"The {kind.name}, {word}, is not from {kind.low} to {kind.high}.", _such_as(kind)
        )
    return number


def _refuse_never(cron: Cron) -> None:
    # With a weekday as well, either of the two is enough.
    if cron.any_day or not cron.any_weekday or cron.day.is_last:
        return
    longest = max(29 if month == 2 else 30 if month in {4, 6, 9, 11} else 31
                  for month in cron.month.values)  # fmt: skip
    if cron.day.values[0] > longest:
        raise _wrong(
            f"The schedule never comes: no month in it has a day {cron.day.values[0]}.",
            "L in the place of the day is the last day of the month.",
        )


def near(word: str, known: dict[str, int] | dict[str, str]) -> str:
    """What was probably meant, as a hint, or an empty text."""
    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return f'Did you mean "{found[0]}"?' if found else ""


def _such_as(kind: _Kind) -> str:
    if kind.names:
        names = ", ".join(list(kind.names)[:3])
        return f"It is * or numbers from {kind.low} to {kind.high}, or names: {names}, ..."
    return f"It is * or numbers from {kind.low} to {kind.high}, as in 5 or 1-5 or */5 or 1,15."


_FIVE: Final = (
    "Its fields are minute, hour, day of the month, month, day of the week: "
    '"0 6 * * 1-5" is 06:00 on weekdays.'
)


def _wrong(message: str, hint: str) -> InvalidInput:
    return InvalidInput(message, field="cron", hint=hint)

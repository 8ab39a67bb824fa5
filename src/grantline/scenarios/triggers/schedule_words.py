"""A schedule in plain words: "Every weekday at 09:00, Europe/Amsterdam"."""

from __future__ import annotations

from calendar import day_name, month_name
from collections.abc import Sequence
from typing import Final

from cron_descriptor import Options, get_description

from grantline.scenarios.definition.triggers import Schedule
from grantline.scenarios.triggers.cron_fields import LAST, Cron, read_cron

_MOST_TIMES: Final = 6
_NTH: Final = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}


def in_words(schedule: Schedule) -> str:
    """What the schedule says, in words: with times of 24 hours, and its time zone.

    Raises:
        InvalidInput: The schedule cannot be kept to.
    """
    cron = read_cron(schedule.cron)
    return f"{_sentence(cron)}, {schedule.time_zone}"


def _sentence(cron: Cron) -> str:
    days = _days(cron)
    if times := _times(cron):
        lead = days[0].upper() + days[1:] if days else "Every day"
        return f"{lead} at {_listed(times)}"
    if rhythm := _rhythm(cron):
        return f"{rhythm}{', ' if days.startswith('every') else ' '}{days}".rstrip()
    described: str = get_description(cron.plain.upper(), _options())
    return described


def _options() -> Options:
    # Said outright: by itself it asks the machine's locale, and warns when there is none.
    return Options(use_24hour_time_format=True, locale_code="en_US")


def _times(cron: Cron) -> tuple[str, ...]:
    """The times of day, where they are few enough to be listed."""
    minutes, hours = cron.minute.values, cron.hour.values
    if len(minutes) * len(hours) > _MOST_TIMES:
        return ()
    return tuple(_clock(hour, minute) for hour in hours for minute in minutes)


def _rhythm(cron: Cron) -> str:
    """How often it comes through the day, or an empty text where there is no simple word."""
    minutes, hours = cron.minute.values, cron.hour.values
    if cron.minute.text == "*" or cron.minute.step:
        often = _every(cron.minute.step or 1, "minute", "from the full hour", 60)
        if cron.any_hour:
            return often
        if _is_row(hours):
            return f"{often} from {_clock(hours[0], 0)} to {_clock(hours[-1], minutes[-1])}"
        return ""
    past = "" if minutes == (0,) else f" at {_listed(minutes)} minutes past"
    if len(minutes) > _MOST_TIMES:
        return ""
    if cron.any_hour:
        return f"Every hour{past}"
    if cron.hour.step:
        return _every(cron.hour.step, "hour", "from midnight", 24) + past
    if _is_row(hours) and len(minutes) == 1:
        first, last = _clock(hours[0], minutes[0]), _clock(hours[-1], minutes[0])
        return f"Every hour from {first} to {last}"
    return ""


def _every(step: int, unit: str, start: str, whole: int) -> str:
    if step == 1:
        return f"Every {unit}"
    # Seven minutes go on across no hour: after :56 comes :00.
    return f"Every {step} {unit}s" + ("" if whole % step == 0 else f" {start}")


def _days(cron: Cron) -> str:
    """On which days, or an empty text for all of them."""
    months = _months(cron)
    of_month = f"of {months}" if months else "of every month"
    in_months = f" in {months}" if months else ""
    if cron.weekday.nth:
        return f"on the {_nth_weekdays(cron)} {of_month}"
    parts = []
    if not cron.any_day:
        parts.append(_dates(cron, of_month))
    if not cron.any_weekday:
        parts.append(f"every {_weekdays(cron.weekday.values)}")
    if not parts:
        return f"every day{in_months}" if months else ""
    # Days of both kinds are meant, not those that are both at once.
    both = " and ".join(parts)
    return both + (in_months if cron.any_day else "")


def _dates(cron: Cron, of_month: str) -> str:
    days = cron.day.values
    if days == (29,) and cron.month.values == (2,) and cron.any_weekday:
        return "every leap year on 29 February"
    if len(days) == 1 and not cron.day.is_last and len(cron.month.values) == 1:
        return f"every year on {days[0]} {month_name[cron.month.values[0]]}"
    if cron.day.is_last:
        before = f"on {_day_list(days)} and the" if days else "on the"
        return f"{before} last day {of_month}"
    return f"on {_day_list(days)} {of_month}"


def _day_list(days: Sequence[int]) -> str:
    if _is_row(days) and len(days) > 2:
        return f"days {days[0]} to {days[-1]}"
    return f"day{'s' if len(days) > 1 else ''} {_listed(days)}"


def _months(cron: Cron) -> str:
    months = cron.month.values
    if len(months) == 12:
        return ""
    if _is_row(months) and len(months) > 2:
        return f"{month_name[months[0]]} to {month_name[months[-1]]}"
    return _listed([month_name[each] for each in months])


def _weekdays(days: Sequence[int]) -> str:
    if tuple(days) == (1, 2, 3, 4, 5):
        return "weekday"
    if tuple(days) == (0, 6):
        return "Saturday and Sunday"
    if len(days) == 7:
        return "day of the week"
    monday_first = sorted((each - 1) % 7 for each in days)
    if _is_row(monday_first) and len(days) > 2:
        return f"day from {day_name[monday_first[0]]} to {day_name[monday_first[-1]]}"
    return _listed([day_name[each] for each in monday_first])


def _nth_weekdays(cron: Cron) -> str:
    by_day: dict[int, list[str]] = {}
    for day, nth in cron.weekday.nth:
        by_day.setdefault((day - 1) % 7, []).append(_NTH[nth])
    return _listed([f"{_listed(which)} {day_name[day]}" for day, which in by_day.items()])


def _is_row(values: Sequence[int]) -> bool:
    return values[-1] - values[0] == len(values) - 1


def _listed(values: Sequence[object]) -> str:
    words = [str(each) for each in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _clock(hour: int, minute: int) -> str:
    return f"{hour:02}:{minute:02}"

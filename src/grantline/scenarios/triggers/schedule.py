"""When a schedule is due: checked, and reckoned as the runs' own clockwork reckons it.

What fires is croniter, inside dbos; the same library says here when it will. Two things are decided
on top, and both sides ask ``is_due`` for them: on the night when an hour comes twice, a schedule
that names its hours runs the first time only, while one that runs in every hour runs in both. A
time that the clock skips is made up for when it goes on, as croniter does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter

from grantline.errors import InvalidInput
from grantline.scenarios.definition.triggers import Schedule
from grantline.scenarios.triggers.cron_fields import read_cron
from grantline.scenarios.triggers.schedule_words import in_words

__all__ = ["check_schedule", "in_words", "is_due", "next_times", "plain_cron"]

_ZONE_HINT: Final = "A name of the IANA database is meant, such as Europe/Amsterdam or UTC."


def check_schedule(schedule: Schedule) -> None:
    """Nothing, when the schedule can be kept to.

    Raises:
        InvalidInput: ``field`` is ``cron`` or ``time_zone``; of the cron's five fields the message
            names the one that is wrong.
    """
    read_cron(schedule.cron)
    _zone(schedule.time_zone)


def plain_cron(schedule: Schedule) -> str:
    """The five fields, with names such as ``@daily`` resolved."""
    return read_cron(schedule.cron).plain


def is_due(schedule: Schedule, instant: datetime) -> bool:
    """Whether a firing at ``instant`` counts: the second coming of a named hour does not."""
    return read_cron(schedule.cron).any_hour or not _zoned(schedule, instant).fold


def next_times(schedule: Schedule, after: datetime, count: int) -> tuple[datetime, ...]:
    """The next ``count`` instants after ``after`` at which the schedule is due, in UTC.

    Raises:
        InvalidInput: As ``check_schedule``.
    """
    times = croniter(plain_cron(schedule), _zoned(schedule, after), second_at_beginning=True)
    found: list[datetime] = []
    while len(found) < count:
        instant = times.get_next(datetime).astimezone(UTC)
        if is_due(schedule, instant):
            found.append(instant)
    return tuple(found)


def _zoned(schedule: Schedule, instant: datetime) -> datetime:
    return instant.astimezone(_zone(schedule.time_zone))


def _zone(name: str) -> ZoneInfo:
    # Asked for by name first would open any file below the database's folder.
    if name in _zones():
        return ZoneInfo(name)
    if not _zones():
        raise InvalidInput(
            "This machine has no time zones.",
            field="time_zone",
            hint="Install the system's tzdata, or the Python package of that name.",
        )
    shown = name if name.isprintable() and len(name) <= 64 else "what was given"
    raise InvalidInput(
        f"There is no time zone {shown}." if name else "The time zone is missing.",
        field="time_zone",
        hint=" ".join((*_near_zones(name), _ZONE_HINT)),
    )


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _near_zones(name: str) -> tuple[str, ...]:
    wanted = name[:64].strip().lower().replace(" ", "_")
    if not wanted:
        return ()
    lowered = {each.lower(): each for each in sorted(_zones())}
    # "amsterdam" is a city of the list; its continent is what people leave out.
    cities = [zone for low, zone in lowered.items() if low.rpartition("/")[2] == wanted]
    close = [lowered[low] for low in get_close_matches(wanted, lowered, n=2, cutoff=0.7)]
    found = [lowered[wanted]] if wanted in lowered else cities[:2] or close
    return (f"Did you mean {' or '.join(found)}?",) if found else ()

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.scenarios.definition.triggers import Schedule
from grantline.scenarios.triggers.schedule import (
    check_schedule,
    in_words,
    is_due,
    next_times,
    plain_cron,
)

AMSTERDAM = "Europe/Amsterdam"
INSTANTS = st.integers(1_700_000_000, 1_900_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shown(times: tuple[datetime, ...]) -> list[str]:
    return [each.strftime("%m-%d %H:%M") for each in times]


@pytest.mark.parametrize(
    ("cron", "zone", "after", "times"),
    [
        # The clock goes from 02:00 to 03:00 on 29 March 2026, which is 01:00 UTC.
        pytest.param(
            "30 2 * * *", AMSTERDAM, "2026-03-28T00:00",
            ["03-28 01:30", "03-29 01:00", "03-30 00:30"],
            id="a time that is skipped is made up for when the clock goes on",
        ),
        pytest.param(
            "30 2-3 * * *", AMSTERDAM, "2026-03-28T12:00",
            ["03-29 01:00", "03-29 01:30", "03-30 00:30"],
            id="one of two times is skipped",
        ),
        pytest.param(
            "*/30 * * * *", AMSTERDAM, "2026-03-29T00:00",
            ["03-29 00:30", "03-29 01:00", "03-29 01:30", "03-29 02:00"],
            id="a rhythm does not stumble over a skipped hour",
        ),
        # And from 03:00 back to 02:00 on 25 October 2026, which is 01:00 UTC.
        pytest.param(
            "30 2 * * *", AMSTERDAM, "2026-10-24T12:00",
            ["10-25 00:30", "10-26 01:30", "10-27 01:30"],
            id="a time that comes twice is taken once",
        ),
        pytest.param(
            "*/30 * * * *", AMSTERDAM, "2026-10-25T00:00",
            ["10-25 00:30", "10-25 01:00", "10-25 01:30", "10-25 02:00"],
            id="a rhythm goes through an hour that comes twice",
        ),
        pytest.param(
            "0 3 * * *", AMSTERDAM, "2026-10-24T12:00",
            ["10-25 02:00", "10-26 02:00"],
            id="the hour after is not touched",
        ),
        pytest.param(
            "0 0 * * *", "America/Santiago", "2026-09-05T00:00",
            ["09-05 04:00", "09-06 04:00", "09-07 03:00"],
            id="a midnight that is skipped",
        ),
        pytest.param(
            "0 0 29 2 *", "UTC", "2026-01-01T00:00", ["02-29 00:00", "02-29 00:00"],
            id="29 February",
        ),
        pytest.param(
            "0 9 L * *", "UTC", "2026-01-15T00:00",
            ["01-31 09:00", "02-28 09:00", "03-31 09:00", "04-30 09:00"],
            id="the last day of each month",
        ),
        pytest.param(
            "0 9 13 * fri", "UTC", "2026-11-01T00:00",
            ["11-06 09:00", "11-13 09:00", "11-20 09:00"],
            id="a day of the month or a weekday, whichever comes",
        ),
        pytest.param(
            "0 9 * * mon#2,L5", "UTC", "2026-11-01T00:00",
            ["11-09 09:00", "11-27 09:00", "12-14 09:00"],
            id="the second Monday and the last Friday",
        ),
        pytest.param(
            "0 9 */1 * mon", "UTC", "2026-11-01T00:00", ["11-02 09:00", "11-09 09:00"],
            id="every day of the month is no day of the month",
        ),
        pytest.param(
            "0 6 * * *", "Asia/Kathmandu", "2026-11-01T00:00",
            ["11-01 00:15", "11-02 00:15"],
            id="a zone that is not off by whole hours",
        ),
    ],
)  # fmt: skip
def test_next_times(cron: str, zone: str, after: str, times: list[str]) -> None:
    found = next_times(Schedule(cron=cron, time_zone=zone), at(after), len(times))

    assert shown(found) == times


def test_29_february_comes_in_leap_years() -> None:
    found = next_times(Schedule(cron="0 0 29 2 *"), at("2095-01-01T00:00"), 2)

    assert [each.year for each in found] == [2096, 2104]


@given(
    cron=st.sampled_from(
        ("*/7 * * * *", "30 2 * * *", "0 */2 * * *", "15 1-3 * * *", "0 0,12 1 */2 *", "5 4 * * 0")
    ),
    zone=st.sampled_from((AMSTERDAM, "UTC", "America/New_York", "Australia/Lord_Howe")),
    start=INSTANTS,
    later=st.integers(0, 400),
)  # fmt: skip
def test_times_do_not_depend_on_when_they_were_asked_for(
    cron: str, zone: str, start: datetime, later: int
) -> None:
    schedule = Schedule(cron=cron, time_zone=zone)
    first, second, third = next_times(schedule, start, 3)
    between = first + (second - first) * later / 401

    assert first < second < third
    assert next_times(schedule, between, 2) == (second, third)


@given(start=INSTANTS)
def test_every_firing_of_the_library_is_due_or_the_second_of_its_hour(start: datetime) -> None:
    schedule = Schedule(cron="45 0-3 * * *", time_zone=AMSTERDAM)
    times = croniter(
        plain_cron(schedule), start.astimezone(ZoneInfo(AMSTERDAM)), second_at_beginning=True
    )
    fired = [times.get_next(datetime) for _ in range(20)]
    due = {each for each in fired if is_due(schedule, each)}

    for each in fired:
        assert each in due or each - timedelta(hours=1) in due or each == fired[0]


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 6 * * *", "Every day at 06:00"),
        ("@daily", "Every day at 00:00"),
        ("@weekly", "Every Sunday at 00:00"),
        ("@hourly", "Every hour"),
        ("* * * * *", "Every minute"),
        ("*/1 * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("*/7 * * * *", "Every 7 minutes from the full hour"),
        ("30 * * * *", "Every hour at 30 minutes past"),
        ("0,30 * * * *", "Every hour at 0 and 30 minutes past"),
        ("0 */2 * * *", "Every 2 hours"),
        ("15 */2 * * *", "Every 2 hours at 15 minutes past"),
        ("7 */5 * * *", "Every day at 00:07, 05:07, 10:07, 15:07 and 20:07"),
        ("0 9 * * 1-5", "Every weekday at 09:00"),
        ("0 9 * * mon-fri", "Every weekday at 09:00"),
        ("0 9,17 * * *", "Every day at 09:00 and 17:00"),
        ("0 9 * * 7", "Every Sunday at 09:00"),
        ("0 9 * * 0,6", "Every Saturday and Sunday at 09:00"),
        ("0 9 * * 3,1", "Every Monday and Wednesday at 09:00"),
        ("0 6 * * 1-4", "Every day from Monday to Thursday at 06:00"),
        ("*/15 9-17 * * 1-5", "Every 15 minutes from 09:00 to 17:45, every weekday"),
        ("0 8-18 * * 1-5", "Every hour from 08:00 to 18:00, every weekday"),
        ("* 9 * * *", "Every minute from 09:00 to 09:59"),
        ("*/10 * 1 * *", "Every 10 minutes on day 1 of every month"),
        ("0 0 1 * *", "On day 1 of every month at 00:00"),
        ("0 0 1,15 * *", "On days 1 and 15 of every month at 00:00"),
        ("0 4 8-14 * *", "On days 8 to 14 of every month at 04:00"),
        ("0 0 L * *", "On the last day of every month at 00:00"),
        ("0 0 15,L * *", "On day 15 and the last day of every month at 00:00"),
        ("0 0 1 1 *", "Every year on 1 January at 00:00"),
        ("0 0 29 2 *", "Every leap year on 29 February at 00:00"),
        ("0 0 1 */3 *", "On day 1 of January, April, July and October at 00:00"),
        ("0 6 * jan-mar *", "Every day in January to March at 06:00"),
        ("0 9 * * mon#2", "On the second Monday of every month at 09:00"),
        ("0 9 * * mon#1,mon#3", "On the first and third Monday of every month at 09:00"),
        ("0 9 * * L5", "On the last Friday of every month at 09:00"),
        ("0 0 1 * 3", "On day 1 of every month and every Wednesday at 00:00"),
        ("10-20 6 * * *", "Every minute between 06:10 and 06:20"),
    ],
)
def test_in_words(cron: str, words: str) -> None:
    assert in_words(Schedule(cron=cron, time_zone=AMSTERDAM)) == f"{words}, {AMSTERDAM}"


@given(
    minute=st.sampled_from(("0", "*", "*/5", "1-59/2", "10-20", "1,2,3,4,5,6,7", "5/10")),
    hour=st.sampled_from(("0", "*", "*/3", "9-17", "22-6", "3-5,7", "1-23/2")),
    day=st.sampled_from(("*", "L", "1", "1,L", "*/2", "28-3")),
    month=st.sampled_from(("*", "1", "jan-mar", "nov-feb", "*/2")),
    weekday=st.sampled_from(("*", "0", "fri-mon", "1#1,3#5", "L0,L7", "mon-fri", "0-7", "*/2")),
)
def test_there_are_words_for_every_schedule_that_is_taken(
    minute: str, hour: str, day: str, month: str, weekday: str
) -> None:
    try:
        words = in_words(Schedule(cron=f"{minute} {hour} {day} {month} {weekday}"))
    except InvalidInput:
        return
    assert words.endswith(", UTC")
    assert words[0].isupper()


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Amsterdam", "Did you mean Europe/Amsterdam?"),
        ("europe/amsterdam", "Did you mean Europe/Amsterdam?"),
        ("Europe/Amsterdm", "Did you mean Europe/Amsterdam"),
        ("New York", "Did you mean America/New_York?"),
        ("", "The time zone is missing."),
        ("../../etc/passwd", "There is no time zone"),
        ("Europe", "There is no time zone"),
        ("+01:00", "such as Europe/Amsterdam or UTC"),
        ("\x00", "There is no time zone what was given."),
        ("x" * 10_000, "There is no time zone what was given."),
    ],
)
def test_a_time_zone_that_is_none_is_refused_with_near_misses(zone: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_schedule(Schedule(cron="0 6 * * *", time_zone=zone))

    assert caught.value.field == "time_zone"
    assert said in str(caught.value)

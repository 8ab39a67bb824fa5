from __future__ import annotations

import itertools

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.scenarios.triggers.cron_fields import ALIASES, read_cron

HIGHEST = (59, 23, 31, 12, 7)
LOWEST = (0, 0, 1, 1, 0)


def library_values(cron: str, field: int) -> set[int]:
    """What the library that fires makes of one field; what it shortened to ``*`` in full."""
    values = croniter.expand(cron)[0][field]
    if values == ["*"]:
        return set(range(LOWEST[field], min(HIGHEST[field], 6 if field == 4 else 99) + 1))
    return {each for each in values if isinstance(each, int)}


@st.composite
def items(draw: st.DrawFn, field: int) -> str:
    low, high = LOWEST[field], HIGHEST[field]
    first, second = draw(st.integers(low, high)), draw(st.integers(low, high))
    step = draw(st.integers(1, max(high, 1)))
    return draw(
        st.sampled_from(
            ("*", f"*/{step}", f"{first}", f"{first}-{second}", f"{first}-{second}/{step}",
             f"{first}/{step}")
        )
    )  # fmt: skip


@st.composite
def crons(draw: st.DrawFn) -> str:
    fields = [",".join(draw(st.lists(items(field), min_size=1, max_size=3))) for field in range(5)]
    return " ".join(fields)


@given(cron=crons())
def test_what_is_taken_means_to_the_library_that_fires_what_it_means_here(cron: str) -> None:
    try:
        read = read_cron(cron)
    except InvalidInput:
        return
    ours = (read.minute, read.hour, read.day, read.month, read.weekday)
    for number, field in enumerate(ours):
        assert set(field.values) == library_values(read.plain, number), (cron, number)


@pytest.mark.parametrize(("low", "high"), list(itertools.product(range(8), repeat=2)))
def test_ranges_of_weekdays_go_round_as_in_the_library(low: int, high: int) -> None:
    for step in ("", "/2", "/3"):
        cron = f"0 0 * * {low}-{high}{step}"
        try:
            values = set(read_cron(cron).weekday.values)
        except InvalidInput:
            continue

        assert values == library_values(cron, 4), cron


@given(text=st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    reason = None
    try:
        read_cron(text)
    except InvalidInput as error:
        reason = error
    assert reason is None or (reason.field == "cron" and reason.hint)


@given(text=st.text(alphabet="0123456789*/-,#l monfri?wh@ \t", max_size=24))
def test_whatever_looks_like_a_schedule_and_is_taken_is_taken_by_the_library(text: str) -> None:
    try:
        plain = read_cron(text).plain
    except InvalidInput:
        return
    assert croniter.is_valid(plain, second_at_beginning=True)


@pytest.mark.parametrize("alias", ALIASES)
def test_names_of_schedules_mean_what_the_library_means_by_them(alias: str) -> None:
    assert croniter.expand(read_cron(alias.upper()).plain) == croniter.expand(alias)


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("", "is empty"),
        ("* * *", "has 3 fields; it takes five"),
        ("0 25 * * *", "The hour, 25, is not from 0 to 23"),
        ("61 * * * *", "The minute, 61, is not from 0 to 59"),
        ("0 0 0 * *", "The day of the month, 0, is not from 1 to 31"),
        ("0 0 1 13 *", "The month, 13, is not from 1 to 12"),
        ("0 0 * * 8", "The day of the week, 8, is not from 0 to 7"),
        ("0 9 * * monday", 'Did you mean "mon"'),
        ("0 9 * * mno", 'Did you mean "mon"'),
        ("0 0 1 jnu *", 'Did you mean "jun"'),
        ("* * * * * *", "has 6 fields; it takes five, without seconds and years"),
        ("@reboot", "nothing starts here when the machine does"),
        ("@dayly", 'Did you mean "@daily"'),
        ("0 0 31 2 *", "never comes: no month in it has a day 31"),
        ("0 0 31 2,4,6,9,11 *", "never comes: no month in it has a day 31"),
        ("0 0 30-31 2 *", "never comes: no month in it has a day 30"),
        ("0 9-9 * * *", "a range from one value to the same"),
        ("0 0 * * 7-0", "a range from one value to the same"),
        ("*/90 * * * *", "a step of 90"),
        ("*/0 * * * *", "a step of 0"),
        ("21-6/4 * * * *", "goes round the end with a step"),
        ("0 0 ? * *", "Write * where it does not matter"),
        ("0 0 15w * *", 'The day of the month, "15w"'),
        ("0 0 * * 1#6", "a weekday that no month has"),
        ("0 0 * * 1,3#2", "mixes plain weekdays"),
        ("0 0 1 * mon#1", "both a day of the month and which weekday"),
        ("h * * * *", 'The minute, "h"'),
        ("0 0\u00a01 * * *", 'The hour, "0\u00a01"'),
        ("0,,1 * * * *", "has an empty item"),
        ("-5 * * * *", 'The minute, "-5"'),
        ("\u0665 * * * *", "The minute"),
        ("1," * 200 + "1 * * * *", "longer than 256"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(cron: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_cron(cron)

    assert said in str(caught.value)

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.connections.renewal.schedule import (
    BACK_OFF_CAP,
    LEASE_SPAN,
    LONGEST_RETRY_AFTER,
    REQUEST_DEADLINE,
    SENDING_SHARE,
    back_off,
    background_due_at,
    refresh_due_at,
    refresh_margin,
)
from grantline.testing.clock import START

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SPANS = st.timedeltas(timedelta(0), timedelta(days=400))


@pytest.mark.parametrize(
    ("lifetime", "margin"),
    [
        (timedelta(0), timedelta(0)),
        (2 * SECOND, SECOND),
        (10 * SECOND, 5 * SECOND),
        (20 * SECOND, 10 * SECOND),
        (50 * SECOND, 10 * SECOND),
        (timedelta(minutes=5), timedelta(minutes=1)),
        (timedelta(minutes=25), timedelta(minutes=5)),
        (timedelta(hours=1), timedelta(minutes=5)),
        (timedelta(days=60), timedelta(minutes=5)),
    ],
)
def test_the_margin_is_a_share_of_the_lifetime_within_bounds(
    lifetime: timedelta, margin: timedelta
) -> None:
    assert refresh_margin(lifetime) == margin


@given(SPANS)
def test_every_token_is_used_for_half_its_life_at_least(lifetime: timedelta) -> None:
    margin = refresh_margin(lifetime)
    assert timedelta(0) <= margin <= min(lifetime / 2, timedelta(minutes=5))


@given(SPANS, SPANS)
def test_a_longer_life_never_has_a_shorter_margin(one: timedelta, other: timedelta) -> None:
    shorter, longer = sorted((one, other))
    assert refresh_margin(shorter) <= refresh_margin(longer)


def test_a_token_of_unknown_end_is_never_due() -> None:
    assert refresh_due_at(START, None) is None


@pytest.mark.parametrize("lifetime", [timedelta(0), -SECOND])
def test_a_token_that_came_dead_is_due_at_its_end(lifetime: timedelta) -> None:
    assert refresh_due_at(START, START + lifetime) == START + lifetime


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_a_back_off_stays_within_its_bounds(failures: int, jitter: float) -> None:
    assert SECOND <= back_off(failures, jitter) <= BACK_OFF_CAP


@pytest.mark.parametrize(
    ("failures", "longest"), [(0, 2), (1, 2), (2, 4), (3, 8), (9, 512), (10, 900), (99, 900)]
)
def test_the_longest_back_off_doubles_up_to_a_quarter_of_an_hour(
    failures: int, longest: int
) -> None:
    assert back_off(failures, 1.0) == longest * SECOND


@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        (timedelta(0), timedelta(0)),
        (-SECOND, timedelta(0)),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(days=9), LONGEST_RETRY_AFTER),
    ],
)
def test_what_the_server_asks_for_wins_up_to_six_hours(asked: timedelta, wait: timedelta) -> None:
    assert back_off(5, 0.5, asked) == wait


def test_a_request_that_is_sent_ends_before_its_lease() -> None:
    assert LEASE_SPAN * SENDING_SHARE + REQUEST_DEADLINE <= LEASE_SPAN


@pytest.mark.parametrize(
    ("asked", "turn"),
    [
        ({}, None),
        # Used: up to a margin before a caller would renew it.
        ({"due_at": START + 55 * MINUTE, "share": 0.0}, START + 55 * MINUTE),
        ({"due_at": START + 55 * MINUTE, "share": 1.0}, START + 50 * MINUTE),
        # Unused: once a day, or a little later.
        ({"due_at": START + 55 * MINUTE, "is_used": False, "share": 0.0}, START + DAY),
        ({"due_at": START + 55 * MINUTE, "is_used": False, "share": 0.5}, START + 1.5 * DAY),
        ({"due_at": START + 9 * DAY, "is_used": False, "share": 0.0}, START + 9 * DAY),
        # Kept warm: between a quarter and a half of what is left.
        ({"ends_at": START + 40 * DAY, "share": 0.0}, START + 20 * DAY),
        ({"ends_at": START + 40 * DAY, "share": 1.0}, START + 10 * DAY),
        (
            {"due_at": START + 55 * MINUTE, "ends_at": START + 40 * MINUTE, "share": 0.0},
            START + 20 * MINUTE,
        ),
        ({"ends_at": START - DAY, "share": 0.5}, START),
    ],
)
def test_the_turn_to_be_renewed_in_the_background(
    asked: dict[str, Any], turn: datetime | None
) -> None:
    plain = {"due_at": None, "ends_at": None, "is_used": True, "share": 0.0}
    assert background_due_at(START, **{**plain, **asked}) == turn


@pytest.mark.parametrize(
    ("margin", "ahead"),
    [(None, 5 * MINUTE), (timedelta(0), timedelta(0)), (MINUTE, MINUTE), (DAY, 30 * MINUTE)],
)
def test_a_margin_that_somebody_set_counts(margin: timedelta | None, ahead: timedelta) -> None:
    assert refresh_due_at(START, START + HOUR, margin) == START + HOUR - ahead

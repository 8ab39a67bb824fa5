"""Turns: never more than the limits that are known allow, and no wait without one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.attempts.limiter import LONGEST_PAUSE, MOST_BUCKETS, Limiter
from grantline.calls.attempts.rate_limit import LimitScope, RateLimitRules

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NO_TIME = timedelta(0)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def left(remaining: int, reset: int, bucket: str = "") -> tuple[tuple[str, str], ...]:
    named = (("x-ratelimit-bucket", bucket),) if bucket else ()
    return (("x-ratelimit-remaining", f"{remaining}"), ("x-ratelimit-reset", f"{reset}"), *named)


def test_nobody_waits_where_no_limit_is_known() -> None:
    limiter = Limiter()
    assert [limiter.take("/", NOW) for _ in range(1000)] == [NO_TIME] * 1000


def test_a_budget_is_kept_in_any_span_of_its_length() -> None:
    limiter = Limiter(RateLimitRules(budget="2/10s"))
    assert limiter.take("/", NOW) == NO_TIME
    assert limiter.take("/", NOW + seconds(4)) == NO_TIME
    assert limiter.take("/", NOW + seconds(5)) == seconds(5)
    assert limiter.take("/", NOW + seconds(10)) == NO_TIME
    assert limiter.take("/", NOW + seconds(10)) == seconds(4)


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 5))
def test_no_span_ever_holds_more_than_the_budget(steps: list[float], requests: int) -> None:
    limiter = Limiter(RateLimitRules(budget=f"{requests}/5s"))
    now, taken = NOW, list[datetime]()
    for step in steps:
        now += seconds(step)
        while wait := limiter.take("/", now):
            now += wait
        taken.append(now)
    for start in taken:
        assert sum(start <= each < start + seconds(5) for each in taken) <= requests


def test_what_is_left_is_shared_until_it_begins_anew() -> None:
    limiter = Limiter()
    limiter.learn("/", left(2, 30), NOW)
    assert limiter.take("/a", NOW) == NO_TIME
    assert limiter.take("/b", NOW) == NO_TIME
    assert limiter.take("/c", NOW + seconds(1)) == seconds(29)
    assert limiter.take("/c", NOW + seconds(30)) == NO_TIME


def test_an_answer_to_an_earlier_request_gives_no_turn_back() -> None:
    limiter = Limiter()
    limiter.learn("/", left(2, 30), NOW)
    limiter.take("/", NOW)
    limiter.take("/", NOW)
    limiter.learn("/", left(2, 29), NOW + seconds(1))
    assert limiter.take("/", NOW + seconds(1)) == seconds(29)
    limiter.learn("/", left(50, 60), NOW + seconds(2))
    assert limiter.take("/", NOW + seconds(2)) == NO_TIME


def test_limits_with_names_are_kept_apart() -> None:
    limiter = Limiter()
    limiter.learn("/search", left(0, 30, "search"), NOW)
    assert limiter.take("/me", NOW) == NO_TIME
    assert limiter.take("/search", NOW) == seconds(30)


def test_limits_by_path_are_kept_apart() -> None:
    limiter = Limiter(RateLimitRules(scope=LimitScope.PATH))
    limiter.learn("/a", left(0, 30), NOW)
    assert limiter.take("/b", NOW) == NO_TIME
    assert limiter.take("/a", NOW) == seconds(30)


def test_a_service_that_says_when_to_come_again_is_left_alone_until_then() -> None:
    limiter = Limiter()
    limiter.close("/", seconds(5), NOW)
    assert limiter.take("/", NOW) == seconds(5)
    assert limiter.take("/", NOW + seconds(5)) == NO_TIME


def test_an_answer_to_an_earlier_request_does_not_end_the_pause() -> None:
    limiter = Limiter()
    limiter.close("/", seconds(5), NOW)
    limiter.learn("/", left(9, 60), NOW + seconds(1))
    assert limiter.take("/", NOW + seconds(1)) == seconds(4)
    limiter.learn("/", left(9, 60), NOW + seconds(6))
    assert limiter.take("/", NOW + seconds(6)) == NO_TIME


@pytest.mark.parametrize("is_said", [True, False])
def test_no_service_closes_a_connection_for_longer_than_a_day(*, is_said: bool) -> None:
    limiter, year = Limiter(), timedelta(days=365)
    if is_said:
        limiter.close("/", year, NOW)
    else:
        limiter.learn("/", left(0, int(year.total_seconds())), NOW)
    assert limiter.take("/", NOW) == LONGEST_PAUSE
    assert limiter.take("/", NOW + LONGEST_PAUSE) == NO_TIME


def test_what_answers_say_can_be_passed_over() -> None:
    limiter = Limiter(RateLimitRules(learned=False, budget="1/s"))
    limiter.learn("/", left(0, 30), NOW)
    limiter.close("/", seconds(5), NOW)
    assert limiter.take("/", NOW) == NO_TIME


def test_memory_has_an_end() -> None:
    limiter = Limiter(RateLimitRules(scope=LimitScope.PATH))
    for number in range(MOST_BUCKETS + 1):
        limiter.learn(f"/{number}", left(0, 30), NOW)
    assert limiter.take("/0", NOW) == NO_TIME
    assert limiter.take("/1", NOW) == seconds(30)

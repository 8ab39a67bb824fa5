"""Budgets as people write them, and allowances as services do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.attempts.rate_limit import (
    USUAL_LIMITS,
    Allowance,
    RateBudget,
    RateLimitRules,
    parse_budget,
    read_allowance,
)
from grantline.errors import InvalidInput

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SOON = str(int(NOW.timestamp()) + 40)
VENDOR = RateLimitRules(
    remaining_headers=("X-Vendor-Left",),
    reset_headers=("X-Vendor-Until",),
    bucket_headers=("X-Vendor-Plan",),
)


@pytest.mark.parametrize(
    ("text", "requests", "seconds"),
    [
        ("100/60s", 100, 60),
        ("5/s", 5, 1),
        ("5/1", 5, 1),
        (" 1000 per 2h ", 1000, 7200),
        ("60/min", 60, 60),
        ("10000/1d", 10000, 86400),
    ],
)
def test_a_budget_is_written_as_requests_and_a_span(text: str, requests: int, seconds: int) -> None:
    budget = parse_budget(text, field="rate_limit")
    assert budget == RateBudget(requests, timedelta(seconds=seconds))


@pytest.mark.parametrize("text", ["", "100", "0/s", "5/0s", "5/w", "-5/s", "5.5/s", "9999999/s"])
def test_what_is_no_budget_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_budget(text, field="rate_limit")
    assert caught.value.field == "rate_limit"


def allowance(remaining: int, seconds: float | None, bucket: str = "") -> Allowance:
    return Allowance(remaining, None if seconds is None else timedelta(seconds=seconds), bucket)


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, None),
        ({"x-ratelimit-limit": "60"}, None),
        ({"x-ratelimit-remaining": "59", "x-ratelimit-reset": SOON}, allowance(59, 40)),
        ({"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": SOON}, allowance(0, 40)),
        ({"x-ratelimit-remaining": "5"}, allowance(5, None)),
        ({"ratelimit-remaining": "5", "ratelimit-reset": "30"}, allowance(5, 30)),
        ({"ratelimit-remaining": "5;w=60, 99;w=3600", "ratelimit-reset": "9"}, allowance(5, 9)),
        ({"ratelimit": "limit=100, remaining=50, reset=30"}, allowance(50, 30)),
        ({"ratelimit": '"default";r=50;t=30'}, allowance(50, 30)),
        ({"ratelimit": '"second";r=50;t=1, "day";r=5;t=1000'}, allowance(5, 1000)),
        ({"ratelimit": '"default";r=50'}, allowance(50, None)),
        ({"ratelimit": "soon"}, None),
        (
            {"x-ratelimit-remaining-requests": "9", "x-ratelimit-reset-requests": "6m0s"},
            allowance(9, 360),
        ),
        (
            {"x-ratelimit-remaining": "1", "x-ratelimit-reset": SOON, "x-ratelimit-resource": "s"},
            allowance(1, 40, "s"),
        ),
        ({"x-ratelimit-remaining": "many", "x-ratelimit-reset": SOON}, None),
    ],
)
def test_usual_headers_are_read(headers: dict[str, str], found: Allowance | None) -> None:
    assert read_allowance(tuple(headers.items()), USUAL_LIMITS, now=NOW) == found


def test_headers_of_a_vendor_are_read_by_its_rules() -> None:
    headers = (("x-vendor-left", "3"), ("x-vendor-until", "12"), ("x-vendor-plan", "free"))
    assert read_allowance(headers, VENDOR, now=NOW) == allowance(3, 12, "free")
    assert read_allowance(headers, USUAL_LIMITS, now=NOW) is None


NAMES = ["ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-bucket", "other"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text() | st.from_regex(r"[0-9;,rt=]*"))))
def test_no_header_makes_reading_fail(headers: list[tuple[str, str]]) -> None:
    found = read_allowance(tuple(headers), USUAL_LIMITS, now=NOW)
    assert found is None or found.remaining >= 0

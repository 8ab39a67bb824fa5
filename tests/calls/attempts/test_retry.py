"""One decision: whether a request is sent again, and after how long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.answers.response import Response
from grantline.calls.attempts.rate_limit import RateLimitRules
from grantline.calls.attempts.retry import (
    Decision,
    Reason,
    RetryPolicy,
    RetryRules,
    is_limited,
    next_attempt,
    said_wait,
)
from grantline.errors import EgressBlocked, GrantlineError, TransportFailed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POLICY = RetryPolicy(attempts=3, within=timedelta(minutes=5))
SOON = str(int(NOW.timestamp()) + 40)


def answer(status: int, body: str = "", **headers: str) -> Response:
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status=status, headers=pairs, content=body.encode(), url="https://api.example/")


def failure(check: str, *, sent: bool) -> TransportFailed:
    return TransportFailed("No answer.", check=check, sent=sent)


def decide(outcome: Response | GrantlineError, **changes: Any) -> Decision:
    given_: dict[str, Any] = {
        "method": "GET",
        "made": 1,
        "spent": timedelta(0),
        "now": NOW,
        "randomness": 0.0,
        **changes,
    }
    return next_attempt(given_.pop("policy", POLICY), outcome, **given_)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, Reason.ANSWERED),
        (302, Reason.ANSWERED),
        (400, Reason.ANSWERED),
        (401, Reason.ANSWERED),
        (403, Reason.ANSWERED),
        (404, Reason.ANSWERED),
        (408, Reason.STATUS),
        (409, Reason.ANSWERED),
        (425, Reason.STATUS),
        (429, Reason.STATUS),
        (500, Reason.STATUS),
        (501, Reason.PERMANENT),
        (502, Reason.STATUS),
        (503, Reason.STATUS),
        (504, Reason.STATUS),
        (505, Reason.PERMANENT),
        (507, Reason.STATUS),
        (511, Reason.PERMANENT),
        (524, Reason.STATUS),
    ],
)
def test_some_statuses_pass_and_others_stay(status: int, reason: Reason) -> None:
    decision = decide(answer(status))
    assert decision.reason is reason
    assert (decision.wait is not None) is (reason is Reason.STATUS)


def test_a_status_that_is_named_outright_is_retried_though_its_kind_is_not() -> None:
    assert decide(answer(501), policy=replace(POLICY, statuses=("501",))).reason is Reason.STATUS


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_idempotent_methods_are_sent_again_by_default(method: str) -> None:
    assert decide(answer(503), method=method).wait is not None


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_others_only_by_choice(method: str) -> None:
    assert decide(answer(503), method=method) == Decision(Reason.METHOD)
    chosen = replace(POLICY, methods=("POST", "PATCH"))
    assert decide(answer(503), method=method, policy=chosen).reason is Reason.STATUS


@pytest.mark.parametrize(
    ("outcome", "method", "reason"),
    [
        (failure("connect", sent=False), "POST", Reason.NOT_SENT),
        (failure("dns_failed", sent=False), "POST", Reason.NOT_SENT),
        (failure("timeout", sent=True), "GET", Reason.BROKEN_OFF),
        (failure("disconnected", sent=True), "POST", Reason.METHOD),
        (failure("truncated", sent=True), "DELETE", Reason.BROKEN_OFF),
        (failure("tls", sent=False), "GET", Reason.PERMANENT),
        (failure("content_decoding", sent=True), "GET", Reason.PERMANENT),
        (EgressBlocked("No.", rule="ip_loopback"), "GET", Reason.PERMANENT),
    ],
)
def test_a_failed_exchange_is_judged_by_what_may_have_left(
    outcome: GrantlineError, method: str, reason: Reason
) -> None:
    assert decide(outcome, method=method).reason is reason


def test_a_body_that_cannot_be_read_twice_is_sent_once() -> None:
    assert decide(answer(503), replayable=False) == Decision(Reason.BODY)


def test_attempts_and_time_have_an_end() -> None:
    assert decide(answer(503), made=3) == Decision(Reason.ATTEMPTS)
    assert decide(answer(503), spent=timedelta(minutes=6)) == Decision(Reason.BUDGET)
    assert decide(answer(429, retry_after="301")) == Decision(Reason.BUDGET)
    assert decide(answer(429, retry_after="300")).wait == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("made", "randomness", "seconds"), [(1, 0.5, 0.5), (2, 0.5, 1), (2, 0.0, 0), (40, 0.5, 15)]
)
def test_the_wait_is_spread_over_a_span_that_doubles(
    made: int, randomness: float, seconds: float
) -> None:
    policy = replace(POLICY, attempts=99)
    decision = decide(answer(503), policy=policy, made=made, randomness=randomness)
    assert decision.wait == timedelta(seconds=seconds)


def test_who_is_told_when_to_come_comes_a_little_later() -> None:
    decision = decide(answer(429, retry_after="10"), randomness=0.5, made=2)
    assert decision.wait == timedelta(seconds=10.5)


GITHUB = RetryRules(limited_texts=("secondary rate limit",))
GOOGLE = RetryRules(limited_texts=("rateLimitExceeded", "userRateLimitExceeded"))
GOOGLE_BODY = '{"error": {"status": 403, "errors": [{"reason": "userRateLimitExceeded"}]}}'
RETRY_INFO = (
    '{"error": {"code": 429, "details": [{"@type": "x.RetryInfo", "retryDelay": "34.5s"}]}}'
)


@pytest.mark.parametrize(
    ("response", "rules", "seconds"),
    [
        (answer(429, retry_after="30"), RetryRules(), 30),
        (answer(503, retry_after="Sun, 01 Mar 2026 12:00:30 GMT"), RetryRules(), 30),
        (answer(429, retry_after="soon"), RetryRules(), None),
        (answer(429, retry_after_ms="1500", retry_after="2"), RetryRules(), 1.5),
        (answer(429, x_ratelimit_remaining="0", x_ratelimit_reset=SOON), RetryRules(), 40),
        (answer(403, x_ratelimit_remaining="0", x_ratelimit_reset=SOON), GITHUB, 40),
        (answer(403, x_ratelimit_remaining="9", x_ratelimit_reset=SOON), GITHUB, None),
        (answer(429, x_ratelimit_reset=f"{SOON}000"), RetryRules(), 40),
        (answer(429, x_ratelimit_reset="2026-03-01T12:00:40Z"), RetryRules(), 40),
        (answer(429, ratelimit_reset="12"), RetryRules(), 12),
        (answer(429, x_wait="7"), RetryRules(after_headers=("x-wait",)), 7),
        (answer(429, '{"retry_after": 0.65}'), RetryRules(), 0.65),
        (answer(429, '{"parameters": {"retry_after": 5}}'), RetryRules(), 5),
        (answer(429, '[{"pause": 5}]'), RetryRules(wait_keys=("pause",)), 5),
        (answer(429, RETRY_INFO), RetryRules(), 34.5),
        (answer(429, "Quota met. Retry after 2026-03-01T12:00:20.000Z"), RetryRules(), 20),
        (answer(429, "please try again in 20 seconds."), RetryRules(), 20),
        (answer(429, "please try again in 6 houses"), RetryRules(), None),
        (answer(200, '{"retry_after": 5}'), RetryRules(), None),
    ],
)
def test_a_service_says_in_many_ways_when_to_come_again(
    response: Response, rules: RetryRules, seconds: float | None
) -> None:
    found = said_wait(response, now=NOW, rules=rules)
    assert (found and found.total_seconds()) == seconds


def test_headers_of_a_service_are_read_by_its_rules() -> None:
    limits = RateLimitRules(remaining_headers=("X-Left",), reset_headers=("X-Quota-Reset",))
    response = answer(403, x_left="0", x_quota_reset="12")
    assert is_limited(response, now=NOW, limits=limits)
    assert not is_limited(response, now=NOW)
    assert decide(response, limits=limits).wait == timedelta(seconds=12)


@pytest.mark.parametrize(
    ("response", "rules", "limited"),
    [
        (answer(429), RetryRules(), True),
        (answer(403, GOOGLE_BODY), GOOGLE, True),
        (answer(403, GOOGLE_BODY), RetryRules(), False),
        (answer(403, "You have exceeded a secondary rate limit."), GITHUB, True),
        (answer(403, x_ratelimit_remaining="0"), RetryRules(), True),
        (answer(403), GITHUB, False),
        (answer(200, x_ratelimit_remaining="0"), RetryRules(), False),
    ],
)
def test_a_limit_is_told_apart_from_a_refusal(
    response: Response, rules: RetryRules, *, limited: bool
) -> None:
    assert is_limited(response, now=NOW, rules=rules) is limited
    assert (decide(response, rules=rules).reason is Reason.STATUS) is limited


@given(
    body=st.one_of(st.text(), st.recursive(st.floats() | st.text(), st.lists).map(str)),
    headers=st.lists(
        st.tuples(
            st.sampled_from(["retry-after", "x-ratelimit-reset", "retry-after-ms"]), st.text()
        )
    ),
    status=st.integers(100, 599),
    made=st.integers(1, 1000),
    randomness=st.floats(0, 1, exclude_max=True),
)
def test_no_answer_makes_the_decision_fail_or_wait_beyond_its_budget(
    body: str, headers: list[tuple[str, str]], status: int, made: int, randomness: float
) -> None:
    policy = RetryPolicy(attempts=1001)
    response = Response(
        status=status, headers=tuple(headers), content=body.encode("utf-8", "replace"), url=""
    )
    decision = decide(response, policy=policy, made=made, randomness=randomness)
    assert decision.wait is None or timedelta(0) <= decision.wait <= policy.within

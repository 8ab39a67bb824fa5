"""Whether a request is sent once more, and after how long: one pure decision.

What a person chooses is a `RetryPolicy`; what is known of a service, as data, is a `RetryRules`.
A token that is renewed after a 401 is another matter, and counts as no retry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from grantline.calls.answers.response import Response
from grantline.calls.attempts.rate_limit import (
    USUAL_LIMITS,
    RateLimitRules,
    read_allowance,
    read_reset,
)
from grantline.calls.attempts.when import parse_when
from grantline.calls.statuses import Statuses, has_status
from grantline.errors import GrantlineError, TransportFailed

# RFC 9110 section 9.2.2; TRACE is not among the methods that may be sent.
IDEMPOTENT: Final = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
# A class of statuses does not mean those that would be the same the next time.
PERMANENT: Final = frozenset({501, 505, 506, 508, 510, 511})

_TEMPORARY_FAILURES: Final = frozenset(
    {"dns_failed", "dns_timeout", "connect", "timeout", "disconnected", "truncated"}
)
_MILLISECOND_HEADERS: Final = ("retry-after-ms", "x-ms-retry-after-ms")
_BODY_KEYS: Final = ("retry_after", "retryAfter", "retryDelay", "retry_after_seconds")
_IN_TEXT = re.compile(
    r"(?:retry|try again) (?:after|in|at):? "
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9:]+)?|[0-9]+(?:\.[0-9]+)?(?= ?s(?:ec|\b)))",
    re.IGNORECASE,
)
# What says when to come again stands at the beginning; the rest of a long body is not read.
_READ_BYTES: Final = 64 * 1024
_MAX_VALUES: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a request is sent again.

    Attributes:
        attempts: How often it is sent at most, the first time included.
        within: How long all of it may take, waiting included.
        methods: Those that may be sent twice. Whatever the method, a request of which no byte
            has left may be.
        statuses: Answers after which it is sent again. A class leaves out what would be the same
            the next time, such as 501.
        first_wait: The longest wait before the second attempt; it doubles with each one.
        longest_wait: The longest wait that the doubling leads to. What a service asks for
            counts as it is.
    """

    attempts: int = 3
    within: timedelta = timedelta(minutes=2)
    methods: tuple[str, ...] = IDEMPOTENT
    statuses: Statuses = ("408", "425", "429", "5xx")
    first_wait: timedelta = timedelta(seconds=1)
    longest_wait: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """How one service says that it was asked too often, and when to come again.

    These add to what is understood of every service: Retry-After, 429, a few spellings in bodies,
    and what `grantline.calls.attempts.rate_limit` reads.

    Attributes:
        after_headers: More headers with a number of seconds, a date or an instant.
        limited_statuses: Statuses besides 429 that mean it when a limit is used up or when one of
            ``limited_texts`` is in the body.
        limited_texts: Texts that say so in a body, such as ``rateLimitExceeded``.
        wait_keys: More names of JSON members that hold the time to wait.
    """

    after_headers: tuple[str, ...] = ()
    limited_statuses: Statuses = ("403",)
    limited_texts: tuple[str, ...] = ()
    wait_keys: tuple[str, ...] = ()


USUAL_RULES: Final = RetryRules()


class Reason(StrEnum):
    """Why a request is, or is not, sent again."""

    ONCE = "once"  # no other was asked for
    ANSWERED = "answered"  # nothing speaks for another attempt
    STATUS = "status"  # again: the answer is one of the policy's
    NOT_SENT = "not_sent"  # again: no byte of the request has left
    BROKEN_OFF = "broken_off"  # again: it left, and no answer came
    PERMANENT = "permanent"  # another attempt would end the same
    METHOD = "method"  # it may have had an effect, which another one might double
    BODY = "body"  # its body cannot be read a second time
    ATTEMPTS = "attempts"  # there were as many as may be
    BUDGET = "budget"  # the next one would come too late


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do after an attempt: wait, then send again; or, with no ``wait``, stop."""

    reason: Reason
    wait: timedelta | None = None


def next_attempt(
    policy: RetryPolicy,
    outcome: Response | GrantlineError,
    *,
    method: str,
    made: int,
    spent: timedelta,
    now: datetime,
    randomness: float,
    replayable: bool = True,
    rules: RetryRules = USUAL_RULES,
    limits: RateLimitRules = USUAL_LIMITS,
) -> Decision:
    """Whether there is another attempt after ``outcome``, and how long to wait for it.

    Args:
        policy: What the person chose.
        outcome: The answer, or why there is none.
        method: Of the request.
        made: How many attempts there were.
        spent: How long they and the waits between them took.
        now: When the outcome was there.
        randomness: From 0 up to 1; spreads those who wait for the same thing.
        replayable: Whether the body can be sent again.
        rules: What is known of the service.
        limits: How it says what is left.
    """
    if isinstance(outcome, Response):
        limited = is_limited(outcome, now=now, rules=rules, limits=limits)
        reason = _reason_of_answer(policy, 429 if limited else outcome.status, method)
    else:
        reason = _reason_of_failure(policy, outcome, method)
    if reason not in {Reason.STATUS, Reason.NOT_SENT, Reason.BROKEN_OFF}:
        return Decision(reason)
    if not replayable:
        return Decision(Reason.BODY)
    if made >= policy.attempts:
        return Decision(Reason.ATTEMPTS)
    asked = None
    if isinstance(outcome, Response):
        asked = said_wait(outcome, now=now, rules=rules, limits=limits)
    # Full jitter; it is added to what the service asked for, which is the least to wait.
    longest = min(policy.longest_wait, policy.first_wait * 2 ** min(made - 1, 30))
    if asked is not None:
        longest = min(policy.first_wait, longest)
    wait = (asked or timedelta(0)) + longest * randomness
    return Decision(Reason.BUDGET) if spent + wait > policy.within else Decision(reason, wait)


def is_limited(
    response: Response,
    *,
    now: datetime,
    rules: RetryRules = USUAL_RULES,
    limits: RateLimitRules = USUAL_LIMITS,
) -> bool:
    """Whether the answer says that the service was asked too often."""
    if response.status == 429:
        return True
    if not has_status(rules.limited_statuses, response.status):
        return False
    allowance = read_allowance(response.headers, limits, now=now)
    if allowance is not None and not allowance.remaining:
        return True
    head = response.content[:_READ_BYTES]
    return any(text.encode() in head for text in rules.limited_texts)


def said_wait(
    response: Response,
    *,
    now: datetime,
    rules: RetryRules = USUAL_RULES,
    limits: RateLimitRules = USUAL_LIMITS,
) -> timedelta | None:
    """How long the service asks to wait; None when it does not say."""
    after = _first(response, (*rules.after_headers, "retry-after"))
    milliseconds = _first(response, _MILLISECOND_HEADERS)
    for text in (milliseconds and f"{milliseconds.strip()}ms", after):
        if text and (span := parse_when(text, now=now)) is not None:
            return span
    if response.status < 400:
        return None
    for text in _in_body(response.content[:_READ_BYTES], rules):
        if (span := parse_when(text, now=now)) is not None:
            return span
    if not is_limited(response, now=now, rules=rules, limits=limits):
        return None
    return read_reset(response.headers, limits, now=now)


def _reason_of_answer(policy: RetryPolicy, status: int, method: str) -> Reason:
    if not has_status(policy.statuses, status):
        return Reason.ANSWERED
    if status in PERMANENT and str(status) not in policy.statuses:
        return Reason.PERMANENT
    return Reason.STATUS if method in policy.methods else Reason.METHOD


def _reason_of_failure(policy: RetryPolicy, outcome: GrantlineError, method: str) -> Reason:
    if not isinstance(outcome, TransportFailed) or outcome.check not in _TEMPORARY_FAILURES:
        return Reason.PERMANENT
    if not outcome.sent:
        return Reason.NOT_SENT
    return Reason.BROKEN_OFF if method in policy.methods else Reason.METHOD


def _first(response: Response, names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := response.header(name)) is not None), None)


def _in_body(head: bytes, rules: RetryRules) -> Iterator[str]:
    """What a body says of the time to wait, the clearest first."""
    try:
        value = json.loads(head)
    except (ValueError, RecursionError):
        pass
    else:
        yield from _members(value, frozenset((*rules.wait_keys, *_BODY_KEYS)))
    if match := _IN_TEXT.search(head.decode("utf-8", "replace")):
        yield match[1]


def _members(value: Any, names: frozenset[str]) -> Iterator[str]:
    waiting, looked_at = [value], 0
    while waiting and looked_at < _MAX_VALUES:
        value = waiting.pop()
        looked_at += 1
        if isinstance(value, dict):
            for name, each in value.items():
                if name in names and isinstance(each, str | int | float):
                    yield str(each)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)

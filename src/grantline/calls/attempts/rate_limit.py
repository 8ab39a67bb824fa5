"""How often a service may be asked: what a person sets, and what its answers say.

Understood of every service: ``X-RateLimit-Remaining`` and ``-Reset`` with their usual spellings,
and the ``RateLimit`` fields of draft-ietf-httpapi-ratelimit-headers in its three forms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from grantline.calls.attempts.when import parse_when
from grantline.errors import InvalidInput
from grantline.messages import Headers

MOST_REQUESTS: Final = 1_000_000

_REMAINING: Final = (
    "x-ratelimit-remaining",
    "x-rate-limit-remaining",
    "ratelimit-remaining",
    "x-ratelimit-remaining-requests",
)
_RESET: Final = (
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-after",
)
_BUCKET: Final = ("x-ratelimit-bucket", "x-ratelimit-resource")
_BUDGET = re.compile(r"([0-9]{1,7}) ?(?:/|per) ?([0-9]{1,6})? ?(s|sec|m|min|h|d)?", re.IGNORECASE)
_UNITS: Final = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_COUNT = re.compile(r"[0-9]{1,12}")
# Both ``remaining=5, reset=30`` and ``"default";r=5;t=30``.
_MEMBER = re.compile(r"(?:^|[;,])\s*(remaining|reset|r|t)\s*=\s*([0-9]{1,9})", re.IGNORECASE)


class LimitScope(StrEnum):
    """What one limit of a service covers."""

    CONNECTION = "connection"  # everything that is asked with a connection
    PATH = "path"  # each path for itself


@dataclass(frozen=True, slots=True)
class RateBudget:
    """At most so many requests in any span of this length."""

    requests: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimitRules:
    """How one service limits requests, as data; these add to what is understood of every service.

    Attributes:
        budget: A limit that is kept whatever answers say, such as ``100/60s``; empty for none.
        learned: Whether what answers say is followed.
        scope: What one limit covers.
        remaining_headers: More headers with the number of requests that are left.
        reset_headers: More headers with the instant, or the seconds, at which the limit begins
            anew.
        bucket_headers: More headers that name the limit an answer counts against.
    """

    budget: str = ""
    learned: bool = True
    scope: LimitScope = LimitScope.CONNECTION
    remaining_headers: tuple[str, ...] = ()
    reset_headers: tuple[str, ...] = ()
    bucket_headers: tuple[str, ...] = ()


USUAL_LIMITS: Final = RateLimitRules()


@dataclass(frozen=True, slots=True)
class Allowance:
    """What an answer says is left.

    Attributes:
        remaining: How many more requests.
        resets_in: Until when that counts; None where the answer does not say.
        bucket: The name of the limit; empty where a service has one only.
    """

    remaining: int
    resets_in: timedelta | None
    bucket: str = ""


@lru_cache(maxsize=256)
def parse_budget(text: str, *, field: str) -> RateBudget:
    """The budget that ``100/60s``, ``5/s`` or ``1000 per h`` means.

    Raises:
        InvalidInput: It is none; ``field`` names where it was written.
    """
    match = _BUDGET.fullmatch(text.strip())
    requests = int(match[1]) if match else 0
    span = int((match and match[2]) or 1)
    if match is None or not 0 < requests <= MOST_REQUESTS or not span:
        raise InvalidInput(
            f"{text!r} is no rate limit.",
            field=field,
            hint="Write how many requests in how long: 100/60s, 5/s or 1000/h.",
        )
    return RateBudget(requests, timedelta(seconds=span * _UNITS[(match[3] or "s").lower()]))


def read_allowance(headers: Headers, rules: RateLimitRules, *, now: datetime) -> Allowance | None:
    """What an answer's headers say is left; None when they say nothing."""
    found = _found(headers, rules)
    if not found:  # as most answers are
        return None
    bucket = _first(found, (*map(str.lower, rules.bucket_headers), *_BUCKET)) or ""
    remaining = _count(_first(found, (*map(str.lower, rules.remaining_headers), *_REMAINING)))
    resets_in = _reset(found, rules, now)
    if remaining is None and (draft := found.get("ratelimit")):
        return _draft(draft, bucket)
    return None if remaining is None else Allowance(remaining, resets_in, bucket)


def read_reset(headers: Headers, rules: RateLimitRules, *, now: datetime) -> timedelta | None:
    """When a limit begins anew, as an answer's headers say; None when they say nothing."""
    allowance = read_allowance(headers, rules, now=now)
    return allowance.resets_in if allowance else _reset(_found(headers, rules), rules, now)


def _found(headers: Headers, rules: RateLimitRules) -> dict[str, str]:
    known = limit_headers(rules)
    return {lower: value for name, value in headers if (lower := name.lower()) in known}


def _reset(found: Mapping[str, str], rules: RateLimitRules, now: datetime) -> timedelta | None:
    text = _first(found, (*map(str.lower, rules.reset_headers), *_RESET))
    return parse_when(text.split(",")[0] if text.isascii() else "", now=now) if text else None


@lru_cache(maxsize=256)
def limit_headers(rules: RateLimitRules) -> frozenset[str]:
    """Every header that is looked at, in lower case."""
    own = (*rules.remaining_headers, *rules.reset_headers, *rules.bucket_headers)
    return frozenset((*map(str.lower, own), *_REMAINING, *_RESET, *_BUCKET, "ratelimit"))


def _first(found: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((found[name] for name in names if name in found), None)


def _count(text: str | None) -> int | None:
    """The smallest of several counts, which some services give for several spans at once."""
    counts = [each.strip().partition(";")[0].partition(".")[0] for each in (text or "").split(",")]
    return min(map(int, counts)) if all(map(_COUNT.fullmatch, counts)) else None


def _draft(text: str, bucket: str) -> Allowance | None:
    """The ``RateLimit`` field: a dictionary in one draft, a list of limits in the later ones."""
    limits = [text] if "remaining" in text.lower() else text.split(",")
    allowances = []
    for limit in limits:
        members = {name.lower()[0:3]: int(digits) for name, digits in _MEMBER.findall(limit)}
        remaining = members.get("rem", members.get("r"))
        seconds = members.get("res", members.get("t"))
        if remaining is not None:
            span = None if seconds is None else timedelta(seconds=seconds)
            allowances.append(Allowance(remaining, span, bucket))
    return min(allowances, key=lambda each: each.remaining, default=None)

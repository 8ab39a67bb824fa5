"""Whose turn it is: the limits of one connection, as far as they are known, kept by all callers."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from grantline.calls.attempts.rate_limit import (
    USUAL_LIMITS,
    LimitScope,
    RateLimitRules,
    limit_headers,
    parse_budget,
    read_allowance,
)
from grantline.messages import Headers

T = TypeVar("T")

MOST_BUCKETS: Final = 256
# However long a service says: one that was mistaken is asked again the next day.
LONGEST_PAUSE: Final = timedelta(days=1)
# A reset that is computed for each answer anew moves a little although it is the same.
_SAME_RESET: Final = timedelta(seconds=2)
_NO_TIME: Final = timedelta(0)


@dataclass(slots=True)
class _Window:
    """What is left of one limit until it begins anew; ``closed`` where the service says so."""

    remaining: int
    resets_at: datetime
    closed: bool = False


class Limiter:
    """Gives turns. It knows no clock: every method is told the time.

    Limits are kept apart by the name that answers give them, or by path where the rules say so.
    """

    def __init__(self, rules: RateLimitRules = USUAL_LIMITS) -> None:
        self.rules: Final = rules
        self._budget = parse_budget(rules.budget, field="rate_limit") if rules.budget else None
        self._names = limit_headers(rules) if rules.learned else frozenset()
        self._taken: deque[datetime] = deque()
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._bucket_of: OrderedDict[str, str] = OrderedDict()

    @property
    def is_free(self) -> bool:
        """Whether no limit is known, so that every turn comes at once and leaves no trace."""
        return self._budget is None and not self._windows

    def may_learn(self, headers: Headers) -> bool:
        """Whether ``headers``, with names in lower case, may say anything about a limit."""
        return not self._names.isdisjoint([name for name, _ in headers])

    def take(self, path: str, now: datetime) -> timedelta:
        """How long to wait for a turn; no time, and then the turn is taken."""
        window = self._window(path, now)
        wait = self._budget_wait(now)
        if window is not None and window.remaining <= 0:
            wait = max(wait, window.resets_at - now)
        if wait > _NO_TIME:
            return wait
        if self._budget is not None:
            self._taken.append(now)
        if window is not None:
            window.remaining -= 1
        return _NO_TIME

    def learn(self, path: str, headers: Headers, now: datetime) -> None:
        """Takes over what an answer to a request for ``path`` says is left."""
        if not self.rules.learned:
            return
        allowance = read_allowance(headers, self.rules, now=now)
        if allowance is None or allowance.resets_in is None:
            return
        bucket = self._bucket(path, allowance.bucket)
        resets_at = now + min(allowance.resets_in, LONGEST_PAUSE)
        known = self._windows.get(bucket)
        remaining = allowance.remaining
        if known is not None and known.closed and now < known.resets_at:
            return  # an answer to an earlier request, which takes nothing back
        if known is not None and abs(known.resets_at - resets_at) <= _SAME_RESET:
            # Requests that are under way are counted here already, and not there yet.
            remaining = min(remaining, known.remaining)
        self._set(bucket, _Window(remaining, resets_at))

    def close(self, path: str, wait: timedelta, now: datetime) -> None:
        """Gives no turn before ``wait`` is over: the service has said so."""
        if self.rules.learned:
            until = now + min(wait, LONGEST_PAUSE)
            self._set(self._bucket(path, ""), _Window(0, until, closed=True))

    def _budget_wait(self, now: datetime) -> timedelta:
        budget, taken = self._budget, self._taken
        if budget is None:
            return _NO_TIME
        while taken and taken[0] <= now - budget.per:
            taken.popleft()
        return taken[0] + budget.per - now if len(taken) >= budget.requests else _NO_TIME

    def _window(self, path: str, now: datetime) -> _Window | None:
        if not self._windows:
            return None
        bucket = path if self.rules.scope is LimitScope.PATH else self._bucket_of.get(path, "")
        window = self._windows.get(bucket)
        if window is not None and now >= window.resets_at:
            del self._windows[bucket]
            return None
        return window

    def _bucket(self, path: str, named: str) -> str:
        """The limit that requests for ``path`` count against, now that an answer names it."""
        if self.rules.scope is LimitScope.PATH:
            return path
        if not named:
            return self._bucket_of.get(path, "")
        _keep(self._bucket_of, path, named)
        return named

    def _set(self, bucket: str, window: _Window) -> None:
        _keep(self._windows, bucket, window)


def _keep(kept: OrderedDict[str, T], key: str, value: T) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > MOST_BUCKETS:
        kept.popitem(last=False)

"""Waiting for one's turn, so that a connection is not used more often than its service allows."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.attempts.limiter import Limiter
from grantline.calls.attempts.retry import is_limited, said_wait
from grantline.clock import Clock
from grantline.connections.renewal.holding import Holding
from grantline.connections.requests.service import rules_of
from grantline.errors import RateLimited
from grantline.url import parse_url

MOST_CONNECTIONS: Final = 10_000


class Pacer:
    """The limits of every connection of this process, shared by all who use it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limiters: OrderedDict[str, Limiter] = OrderedDict()

    async def turn(self, holding: Holding, url: str, *, within: timedelta) -> timedelta:
        """How long it took until the connection may be used for ``url``.

        Raises:
            RateLimited: It would take longer than ``within``.
        """
        limiter, path = self.limiter(holding), parse_url(url).path
        waited = timedelta(0)
        while wait := limiter.take(path, self._clock.now()):
            if waited + wait > within:
                raise _too_long(holding.record.name, self._clock.now() + wait, wait)
            await self._clock.sleep(wait)
            waited += wait
        return waited

    def learn(self, holding: Holding, url: str, response: Response) -> None:
        """Takes over what an answer says is left, and until when nothing is."""
        limiter, path, now = self.limiter(holding), parse_url(url).path, self._clock.now()
        limiter.learn(path, response.headers, now)
        if response.status < 400:
            return
        rules = rules_of(holding)
        if is_limited(response, now=now, rules=rules.retry, limits=rules.rate_limit):
            wait = said_wait(response, now=now, rules=rules.retry, limits=rules.rate_limit)
            if wait:
                limiter.close(path, wait, now)

    def limiter(self, holding: Holding) -> Limiter:
        """What is known of the limits of the connection."""
        key, rules = holding.record.id, rules_of(holding).rate_limit
        limiter = self._limiters.get(key)
        # The rules of one service are one object, until somebody edits them.
        if limiter is None or (limiter.rules is not rules and limiter.rules != rules):
            limiter = self._limiters[key] = Limiter(rules)
            if len(self._limiters) > MOST_CONNECTIONS:
                self._limiters.popitem(last=False)
        return limiter


def _too_long(name: str, until: datetime, wait: timedelta) -> RateLimited:
    return RateLimited(
        f"The rate limit of “{name}” is used up until {until:%Y-%m-%d %H:%M:%S} UTC.",
        retry_after=wait,
        hint="Try again then, or give the request a longer timeout to let it wait.",
    )

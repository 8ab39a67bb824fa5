"""A circuit breaker per host: a server that fails for everybody is left alone for a moment.

After ten failures in a row a host rests for 30 s; then one request may try, and its success lets
everybody in again. Access tokens that still work are given out all the while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

FAILURES: Final = 10
REST: Final = timedelta(seconds=30)
NO_REST: Final = timedelta(0)


@dataclass(slots=True)
class _Host:
    failures: int = 0
    rests_until: timedelta = NO_REST


class Breaker:
    """The hosts that fail, by what this process has seen. Instants are of ``Clock.elapsed``."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}

    def rest(self, host: str, now: timedelta) -> timedelta:
        """How long ``host`` is to be left alone; when that is nothing, the caller may ask it.

        Whoever comes first after the rest is the one that tries: the others rest on meanwhile.
        """
        known = self._hosts.get(host)
        if known is None or known.failures < FAILURES:
            return NO_REST
        if now < known.rests_until:
            return known.rests_until - now
        known.rests_until = now + REST
        return NO_REST

    def is_resting(self, host: str, now: timedelta) -> bool:
        """Whether ``host`` is left alone; asking does not make the caller the one that tries."""
        known = self._hosts.get(host)
        return known is not None and known.failures >= FAILURES and now < known.rests_until

    def answered(self, host: str) -> None:
        """Notes that ``host`` is there: whatever was before is forgotten."""
        self._hosts.pop(host, None)

    def failed(self, host: str, now: timedelta) -> None:
        """Notes that ``host`` gave no answer, or said that it cannot answer now."""
        known = self._hosts.setdefault(host, _Host())
        known.failures += 1
        if known.failures >= FAILURES:
            known.rests_until = now + REST

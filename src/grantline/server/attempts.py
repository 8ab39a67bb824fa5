"""Failed attempts, counted in memory: how fast somebody may guess."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

MOST_KEYS: Final = 10_000


class Attempts:
    """At most ``most`` failures per key within ``span``.

    Memory is bounded: beyond ``MOST_KEYS`` the key that failed longest ago is forgotten.
    """

    def __init__(self, *, most: int, span: timedelta) -> None:
        self._most = most
        self._span = span
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, key: str, now: datetime) -> timedelta:
        """How long ``key`` has to wait before it may try; zero when it may."""
        failures = self._failures.get(key)
        if failures is None:
            return timedelta()
        while failures and now - failures[0] >= self._span:
            failures.popleft()
        if len(failures) < self._most:
            return timedelta()
        return failures[0] + self._span - now

    def count(self, key: str, now: datetime) -> None:
        """Notes an attempt of ``key``, before its outcome is known: many at once count too."""
        failures = self._failures.setdefault(key, deque(maxlen=self._most))
        failures.append(now)
        self._failures.move_to_end(key)
        while len(self._failures) > MOST_KEYS:
            self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Starts again for ``key``: it succeeded."""
        self._failures.pop(key, None)

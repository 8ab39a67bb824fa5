"""Clocks that stand still until a test moves them."""

from __future__ import annotations

import asyncio
import heapq
import threading
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 1, 1, tzinfo=UTC)


class FakeClock:
    """A ``grantline.clock.Clock`` whose time is what the test says it is.

    ``sleep()`` ends when ``advance()`` reaches its end, earliest first; sleepers that end at the
    same instant wake in the order they fell asleep. Sleepers may be on any event loop and
    ``advance()`` may be called from any thread::

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(poll_forever, clock)
            await clock.wait_for_sleepers()
            clock.advance(timedelta(seconds=5))

    Attributes:
        slept: Every span that was asked for, in order.
    """

    def __init__(self, start: datetime = START) -> None:
        if start.utcoffset() is None:
            raise ValueError("a clock starts at an aware datetime")
        self.slept: list[timedelta] = []
        self._now = start.astimezone(UTC)
        self._elapsed = timedelta()
        self._lock = threading.Lock()
        self._order = 0
        self._sleepers: list[tuple[datetime, int, Future[None]]] = []
        self._watchers: list[tuple[int, Future[None]]] = []

    def now(self) -> datetime:
        """The instant the test set, aware and in UTC."""
        return self._now

    def elapsed(self) -> timedelta:
        """How far ``advance()`` has moved time; ``set()`` moves only what the clock shows."""
        return self._elapsed

    async def sleep(self, span: timedelta) -> None:
        """Return once ``advance()`` has moved time by ``span``; at once when it is not positive."""
        with self._lock:
            self.slept.append(span)
            if span <= timedelta():
                return
            awake: Future[None] = Future()
            self._order += 1
            heapq.heappush(self._sleepers, (self._now + span, self._order, awake))
            self._tell_watchers()
        try:
            await asyncio.wrap_future(awake)
        finally:
            with self._lock:
                self._sleepers = [one for one in self._sleepers if one[2] is not awake]
                heapq.heapify(self._sleepers)

    def advance(self, span: timedelta) -> None:
        """Move time forward by ``span`` and wake, in order, whoever sleeps no longer than that."""
        if span < timedelta():
            raise ValueError("time does not run backwards; use set() to jump")
        self._elapsed += span
        self.set(self._now + span)

    def set(self, instant: datetime) -> None:
        """Make it ``instant``, earlier or later, as when an operator corrects a wrong clock."""
        with self._lock:
            self._now = instant.astimezone(UTC)
            while self._sleepers and self._sleepers[0][0] <= self._now:
                _wake(heapq.heappop(self._sleepers)[2])

    @property
    def sleeping(self) -> int:
        """How many are asleep now."""
        return len(self._sleepers)

    async def wait_for_sleepers(self, count: int = 1) -> None:
        """Return once at least ``count`` are asleep, so that ``advance()`` will reach them."""
        with self._lock:
            if self.sleeping >= count:
                return
            enough: Future[None] = Future()
            self._watchers.append((count, enough))
        await asyncio.wrap_future(enough)

    def _tell_watchers(self) -> None:
        for watcher in [one for one in self._watchers if one[0] <= self.sleeping]:
            self._watchers.remove(watcher)
            _wake(watcher[1])


class JumpingClock(FakeClock):
    """A ``FakeClock`` on which nobody waits: each ``sleep()`` moves time to its end and returns.

    ``slept`` then tells what a polling loop or a back-off would have waited.
    """

    async def sleep(self, span: timedelta) -> None:
        """Move time forward by ``span`` and return after giving others a turn."""
        self.slept.append(span)
        self.advance(max(span, timedelta()))
        await asyncio.sleep(0)


def _wake(sleeper: Future[None]) -> None:
    """End one sleep; somebody who was cancelled meanwhile has left already."""
    if sleeper.set_running_or_notify_cancel():
        sleeper.set_result(None)

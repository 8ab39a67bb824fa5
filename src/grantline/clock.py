"""The only place that asks what time it is.

Everything else is given a ``Clock`` or an instant, so every rule about time is a table in a test.
Instants are aware UTC ``datetime`` values; spans are ``timedelta``.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the engine knows of time.

    1. ``now()`` is aware and in UTC. An operator, or a time server, may set it either way.
    2. ``sleep()`` returns no earlier than the span has passed on the same clock.
    3. ``elapsed()`` only grows, with the time that passes, whatever ``now()`` is set to.
    """

    def now(self) -> datetime:
        """This instant."""
        ...

    def elapsed(self) -> timedelta:
        """The time since some instant of this process: for measuring, not for telling."""
        ...

    async def sleep(self, span: timedelta) -> None:
        """Nothing, once ``span`` has passed."""
        ...


class SystemClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        """The machine's wall clock, in UTC."""
        return datetime.now(UTC)

    def elapsed(self) -> timedelta:
        """The machine's steady clock."""
        return timedelta(seconds=time.monotonic())

    async def sleep(self, span: timedelta) -> None:
        """Nothing, once ``span`` has passed; other tasks run meanwhile."""
        await asyncio.sleep(max(0.0, span.total_seconds()))

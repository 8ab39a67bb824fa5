"""The only place that asks what time it is.

Everything else is given a ``Clock`` or an instant, so every rule about time is a table in a test.
Instants are aware UTC ``datetime`` values; spans are ``timedelta``.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the engine knows of time.

    1. ``now()`` is aware and in UTC.
    2. ``sleep()`` returns no earlier than the span has passed on the same clock.
    """

    def now(self) -> datetime: ...

    async def sleep(self, span: timedelta) -> None: ...


class SystemClock:
    """The wall clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, span: timedelta) -> None:
        await asyncio.sleep(max(0.0, span.total_seconds()))

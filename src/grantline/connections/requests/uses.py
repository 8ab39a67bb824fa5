"""Noting that something is in use: at most once a minute, and beside the work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.context import Context
from grantline.errors import ConfigurationError, StoreBusy

NOTED_EVERY: Final = timedelta(minutes=1)


class Uses:
    """The latest uses that were noted, by id.

    Args:
        context: Of the engine.
        touch: The store's method that keeps one.
    """

    def __init__(self, context: Context, touch: Callable[[str, datetime], None]) -> None:
        self._context = context
        self._store_touch = touch
        self._noted: dict[str, datetime] = {}

    def note(self, used_id: str, at: datetime) -> None:
        """Writes down that it was used at ``at``, unless that was just done."""
        noted = self._noted.get(used_id)
        if noted is None or at - noted >= NOTED_EVERY:
            self._noted[used_id] = at
            self._context.later(self._touch(used_id, at))

    async def _touch(self, used_id: str, at: datetime) -> None:
        # A use that could not be noted must not fail the request that it notes.
        with suppress(StoreBusy, ConfigurationError):
            await self._context.stored(self._store_touch, used_id, at)

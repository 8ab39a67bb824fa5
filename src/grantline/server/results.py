"""Callbacks that failed, kept a while so that the browser can be sent to a clean URL."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grantline.errors import GrantlineError

KEPT_FOR: Final = timedelta(minutes=10)
MOST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A callback that brought no tokens.

    Attributes:
        connection_id: Empty when nobody can tell whose it was.
        binding: Of the session it came back in; only that one may read it.
    """

    error: GrantlineError
    connection_id: str
    binding: str
    at: datetime


class Results:
    """Failures by a random key, for the session they happened in."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Failed] = OrderedDict()

    def keep(self, failed: Failed) -> str:
        """The key under which ``failed`` can be read."""
        key = secrets.token_urlsafe(16)
        self._kept[key] = failed
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return key

    def find(self, key: str, *, binding: str, now: datetime) -> Failed | None:
        """What was kept under ``key``, unless it is old or another session's."""
        failed = self._kept.get(key)
        return failed if failed is not None and _is_readable(failed, binding, now) else None

    def latest(self, connection_id: str, *, binding: str, now: datetime) -> Failed | None:
        """The last failure of a connection: for a page that heard of it from another window."""
        kept = reversed(self._kept.values())
        own = (each for each in kept if each.connection_id == connection_id)
        return next((each for each in own if _is_readable(each, binding, now)), None)


def _is_readable(failed: Failed, binding: str, now: datetime) -> bool:
    return failed.binding == binding and now - failed.at <= KEPT_FOR

"""How a leg ends, as the columns of its run say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from traceback import extract_tb
from typing import Any

from grantline.errors import GrantlineError, ModuleFailed
from grantline.store.records.runs import (
    CANCELLED,
    FAILED,
    PARKED,
    RETRYING,
    SUCCEEDED,
    WAITING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The state in which a leg leaves its run, and why."""

    state: str
    error: GrantlineError | None = None
    path: str = ""
    wake_at: datetime | None = None
    connection_id: str | None = None
    parked_generation: int = -1

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self.state in (SUCCEEDED, FAILED, CANCELLED)

    def changes(self, now: datetime) -> dict[str, Any]:
        """The columns of the run."""
        return {
            "state": self.state,
            "ended_at": now if self.is_final else None,
            "wake_at": self.wake_at,
            "connection_id": self.connection_id,
            "parked_generation": self.parked_generation,
            "error_path": self.path,
            **error_columns(self.error),
        }


def error_columns(error: GrantlineError | None) -> dict[str, str]:
    """What a row says of an error."""
    return {
        "error_code": error.code if error else "",
        "error_message": storable(error.message) if error else "",
        "error_hint": storable(error.hint) if error else "",
    }


def storable(text: str) -> str:
    """``text`` without the characters that a database cannot keep."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def failed(error: GrantlineError, path: str) -> Ending:
    """The run has failed, at the step ``path`` or as a whole."""
    return Ending(state=FAILED, error=error, path=path)


def cancelled() -> Ending:
    """Somebody wanted it to end."""
    return Ending(state=CANCELLED)


def slept(wake_at: datetime) -> Ending:
    """It sleeps."""
    return Ending(state=WAITING, wake_at=wake_at)


def retrying(error: GrantlineError, path: str, wake_at: datetime) -> Ending:
    """A module is tried again later."""
    return Ending(state=RETRYING, error=error, path=path, wake_at=wake_at)


def parked(error: GrantlineError, path: str, connection_id: str, parked_generation: int) -> Ending:
    """It waits for a person to authorize the connection again."""
    return Ending(
        state=PARKED,
        error=error,
        path=path,
        connection_id=connection_id,
        parked_generation=parked_generation,
    )


def unforeseen(error: Exception) -> ModuleFailed:
    """What a person is told of a fault of ours."""
    return ModuleFailed(
        "The run failed in a way that nobody foresaw.",
        hint="Please report this with the line in the log.",
        detail=whereabouts(error),
    )


def whereabouts(error: BaseException) -> str:
    """What kind of exception it is and where it came from, without any value."""
    places = extract_tb(error.__traceback__)
    last = places[-1] if places else None
    return f"{type(error).__name__} at {last.filename}:{last.lineno}" if last else ""

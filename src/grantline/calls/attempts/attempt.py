"""One sending of a request, as the record of a run keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from grantline.calls.attempts.retry import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of one attempt.

    Attributes:
        at: When it began, its wait over.
        waited: How long it waited before, for the service's limit or for its turn.
        elapsed: From the first byte sent to the last received.
        status: Of the answer; None when none came.
        error_code: ``GrantlineError.code``; empty when an answer came.
        reason: Why it was the last one, or was not.
    """

    at: datetime
    waited: timedelta
    elapsed: timedelta
    status: int | None
    error_code: str
    reason: Reason

"""Who may renew a connection, what was tried, and what is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to refresh one connection until ``until``; ``number`` fences late savers."""

    connection_id: str
    owner: str
    number: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshAttempt:
    """The intent to spend one refresh token, recorded before the first byte is sent.

    Attributes:
        generation: The token set that is being renewed.
        token_hash: SHA-256 of the refresh token, hex.
        deadline: After this the attempt, if still open, is of unknown outcome.
        sealed_answer: The raw answer of the server, saved before anyone judges it.
        outcome: Empty while open; then ``saved``, ``refused``, ``lost``, ``candidate``, ...
    """

    id: str
    workspace: str
    connection_id: str
    generation: int
    token_hash: str
    lease_number: int
    started_at: datetime
    deadline: datetime
    sealed_answer: str | None = None
    outcome: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A connection whose turn has come to be renewed in the background."""

    id: str
    workspace: str
    app_id: str
    generation: int

"""What sharing a connection asks of a database: a part of ``Store``, with its law 16."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SeatClaim:
    """One wish to use a connection.

    Attributes:
        id: Of the wish: asked for again until it is granted, then kept, and in the end left.
        owner: The process.
    """

    id: str
    workspace: str
    connection_id: str
    owner: str


@dataclass(frozen=True, slots=True)
class SeatAnswer:
    """What became of a claim.

    Attributes:
        is_taken: Whether the connection may be used now.
        others: The processes that use it, or wait in front.
    """

    is_taken: bool
    others: frozenset[str]


class SeatStore(Protocol):
    """Who uses a connection that only so many may use at the same time."""

    def claim_seat(
        self, claim: SeatClaim, span: timedelta, *, gone: Collection[str] = ()
    ) -> SeatAnswer:
        """Takes a seat, or a place in the line for one, for ``span`` (law 16).

        Args:
            claim: Who wants it; asking again keeps the place.
            span: How long the seat or place lives unless it is kept.
            gone: Processes that are known to be no more: theirs are free.

        Raises:
            ConnectionNotFound: The connection is not there any more.
        """
        ...

    def keep_seat(self, seat_id: str, span: timedelta) -> bool:
        """Lets it live for ``span`` from now on; False when it had ended."""
        ...

    def leave_seat(self, seat_id: str) -> None:
        """Frees the seat, or leaves the line; leaving again changes nothing."""
        ...

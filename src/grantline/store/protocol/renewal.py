"""What renewing tokens asks of a database: a part of ``Store``, whose laws it cites."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.connections import Health, TokenColumns
from grantline.store.records.renewal import Due, Lease, RefreshAttempt


class Listener(Protocol):
    """Somebody who hears of renewals while it lives."""

    @property
    def is_live(self) -> bool:
        """Whether it hears just now."""
        ...

    def close(self) -> None:
        """Ends it; ending it again changes nothing."""
        ...


class RenewalStore(Protocol):
    """Tokens, the lease that guards their renewal, the attempts to renew, and what is due."""

    # tokens
    def save_authorized(
        self,
        connection_id: str,
        generation: int,
        tokens: TokenColumns,
        health: Health,
        *,
        scopes: tuple[str, ...],
        event: Event,
    ) -> bool:
        """Replaces the tokens of ``generation`` after a consent, and counts it up.

        False, and nothing written, when other tokens, or an edit that drops them, came first.
        """
        ...

    def save_refreshed(
        self,
        lease: Lease,
        attempt: RefreshAttempt,
        tokens: TokenColumns,
        health: Health,
        event: Event,
    ) -> bool:
        """Law 6: tokens, generation + 1, attempt closed, lease released; or False and nothing.

        The attempt ends as ``saved`` and drops its sealed answer: the tokens hold all of it. It may
        have been taken for lost meanwhile.
        """
        ...

    def save_health(
        self, connection_id: str, generation: int, health: Health, event: Event | None
    ) -> bool:
        """Writes ``health`` while the generation is still this one; False otherwise.

        What can be renewed in the background is due again when it may be tried again.
        """
        ...

    # lease
    def acquire_lease(
        self,
        connection_id: str,
        owner: str,
        generation: int,
        span: timedelta,
        *,
        over: int | None = None,
    ) -> Lease | None:
        """A lease, or None while another lives or the generation has moved on (law 5).

        Args:
            connection_id: What it is for.
            owner: Who will hold it.
            generation: The token set that is to be renewed.
            span: How long it lives.
            over: The number of a lease whose holder is known to be gone, whatever the clock says.
        """
        ...

    def release_lease(self, lease: Lease) -> None:
        """Ends ``lease`` when it is still the holder's; otherwise nothing."""
        ...

    # attempts
    def begin_attempt(self, attempt: RefreshAttempt) -> None:
        """Notes the intent to spend a refresh token, before the first byte is sent."""
        ...

    def save_answer(self, attempt_id: str, sealed_answer: str) -> bool:
        """Keeps the server's answer before anyone judges it; False when there is no such attempt.

        An attempt that was taken for lost is open again; any other closed one stays as it is.
        """
        ...

    def close_attempt(self, attempt_id: str, outcome: str, closed_at: datetime) -> None:
        """Notes how an open attempt ended; closed and missing ones stay as they are.

        Its answer is dropped, but for a ``candidate``: what that holds may be wanted yet.
        """
        ...

    def open_attempts(self, connection_id: str | None = None) -> Sequence[RefreshAttempt]:
        """Attempts without an outcome, oldest first; of one connection or of all."""
        ...

    def closed_attempts(
        self, connection_id: str, generation: int, outcome: str
    ) -> Sequence[RefreshAttempt]:
        """The attempts to renew one token set that ended so, latest first."""
        ...

    def listen(self, tell: Callable[[str], None]) -> Listener | None:
        """Calls ``tell``, on a thread, with the id of each connection whose renewal has ended.

        None where the database cannot tell. It may fail to tell at any time: it is a hint.
        """
        ...

    # what is due
    def count_due(self, at_most: int) -> int:
        """How many connections are due to be renewed in the background; counts no further."""
        ...

    def claim_due(self, limit: int, span: timedelta, *, but: Collection[str] = ()) -> Sequence[Due]:
        """Connections that are due, the most overdue first, for the caller alone.

        They are due again after ``span``, in case the caller never gets to them; a renewal or a
        failure moves that instant on.

        Args:
            limit: How many at most.
            span: How long nobody else gets them.
            but: Apps whose connections are left alone.
        """
        ...

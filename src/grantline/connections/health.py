"""What an attempt to renew means for the connection: pure, and the only place that says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from grantline.connections.schedule import DEAD_GRANT_PAUSE, ENDS_SOON, back_off
from grantline.connections.state import Happening, State, next_state
from grantline.errors import (
    GrantlineError,
    InvalidGrant,
    TemporarilyUnavailable,
    TransportFailed,
)
from grantline.store.records import Health

CAUSE_DEAD_GRANT: Final = "grant_dead"
CAUSE_ANSWER_LOST: Final = "rotation_answer_lost"
CAUSE_NO_REFRESH_TOKEN: Final = "no_refresh_token"
CAUSE_ENDS_SOON: Final = "grant_ends_soon"
CAUSE_IDENTITY_EDITED: Final = "identity_edited"


class Verdict(StrEnum):
    """Whose doing a failed renewal is."""

    DEAD_GRANT = "dead_grant"
    TEMPORARY = "temporary"
    REFUSED = "refused"


def verdict_of(error: GrantlineError) -> Verdict:
    """The verdict on ``error``: only a dead-grant answer speaks of the grant itself."""
    if isinstance(error, InvalidGrant):
        return Verdict.DEAD_GRANT
    if isinstance(error, TemporarilyUnavailable | TransportFailed):
        return Verdict.TEMPORARY
    return Verdict.REFUSED


def draft() -> Health:
    """The health of a connection that nobody has authorized."""
    return Health(state=State.DRAFT, explanation="Nobody has consented yet.")


def edited(reasons: tuple[str, ...]) -> Health:
    """The health after an edit that makes the old tokens useless."""
    return Health(
        state=State.DRAFT,
        cause=CAUSE_IDENTITY_EDITED,
        explanation=f"Edited ({', '.join(reasons)}): it must be authorized again.",
    )


def after_success(
    health: Health, happening: Happening, now: datetime, refresh_expires_at: datetime | None
) -> Health:
    """The health with a fresh token set in hand."""
    state = next_state(State(health.state), happening)
    if refresh_expires_at is not None and refresh_expires_at - now < ENDS_SOON:
        return Health(
            state=next_state(state, Happening.GRANT_ENDS_SOON),
            cause=CAUSE_ENDS_SOON,
            explanation="The refresh token ends soon; reauthorize before then.",
        )
    return Health(state=state)


def after_failure(
    health: Health, error: GrantlineError, *, now: datetime, jitter: float, answer_lost: bool
) -> Health:
    """The health after a renewal failed with ``error``.

    A dead grant is believed when it is seen twice, a minute or more apart: servers under load,
    and clusters in mid-rotation, answer ``invalid_grant`` to good tokens (Keycloak 50721, 37900).

    Args:
        health: What it was.
        error: Why the renewal failed.
        now: The instant of the answer.
        jitter: A random share, 0 to 1.
        answer_lost: An earlier answer of the server was lost, so the token may be spent by us.
    """
    state = State(health.state)
    lost = answer_lost or health.cause == CAUSE_ANSWER_LOST
    if verdict_of(error) is not Verdict.DEAD_GRANT:
        retry_after = getattr(error, "retry_after", None)
        return replace(
            health,
            state=next_state(state, Happening.REFRESH_FAILED),
            # A lost answer stays the cause until a renewal succeeds: what follows comes from it.
            cause=CAUSE_ANSWER_LOST if lost else error.code,
            explanation=error.message,
            failures=health.failures + 1,
            retry_at=now + back_off(health.failures + 1, jitter, retry_after),
        )
    cause = CAUSE_ANSWER_LOST if lost else CAUSE_DEAD_GRANT
    seen_at = health.dead_grant_at
    confirmed = seen_at is not None and now - seen_at >= DEAD_GRANT_PAUSE
    if confirmed:
        return Health(
            state=next_state(state, Happening.DEAD_GRANT_CONFIRMED),
            cause=cause,
            explanation=_dead(lost=lost),
            failures=health.failures + 1,
            dead_grant_at=seen_at,
        )
    first_seen = seen_at or now
    return Health(
        state=next_state(state, Happening.DEAD_GRANT_SEEN),
        cause=cause,
        explanation="The service refused the refresh token once; it is asked once more.",
        failures=health.failures + 1,
        retry_at=first_seen + DEAD_GRANT_PAUSE,
        dead_grant_at=first_seen,
    )


def _dead(*, lost: bool) -> str:
    if lost:
        return (
            "The service had answered with a new refresh token, and that answer was lost on its "
            "way to us; the old one no longer works. Nobody revoked anything."
        )
    return "The service says that the grant has expired or was revoked."

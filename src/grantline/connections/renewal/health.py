"""What an attempt to renew means for the connection: pure, and the only place that says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from grantline.connections.renewal.schedule import (
    DEAD_GRANT_PAUSE,
    ENDS_SOON,
    REFUSALS,
    REFUSED_FOR,
    REFUSED_PAUSE,
    back_off,
)
from grantline.connections.state import Happening, State, next_state
from grantline.errors import (
    GrantlineError,
    InvalidGrant,
    TemporarilyUnavailable,
    TransportFailed,
)
from grantline.store.records.connections import Health
from grantline.store.records.renewal import RefreshAttempt

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
    health: Health,
    error: GrantlineError,
    *,
    now: datetime,
    jitter: float,
    lost: RefreshAttempt | None,
) -> Health:
    """The health after a renewal failed with ``error``.

    A dead grant is believed when it is seen twice, a minute or more apart: servers under load,
    and clusters in mid-rotation, answer ``invalid_grant`` to good tokens (Keycloak 50721, 37900).
    Any other refusal never kills; one that goes on for an hour is repeated once a day.

    Args:
        health: What it was.
        error: Why the renewal failed.
        now: The instant of the answer.
        jitter: A random share, 0 to 1.
        lost: The attempt whose answer was lost, if one was: the token may be spent by us.
    """
    state = State(health.state)
    is_lost = lost is not None or health.cause == CAUSE_ANSWER_LOST
    failing_since = health.failing_since or now
    if verdict_of(error) is not Verdict.DEAD_GRANT:
        failures = health.failures + 1
        wait = back_off(failures, jitter, getattr(error, "retry_after", None))
        explanation = error.message
        if verdict_of(error) is Verdict.REFUSED and (
            failures >= REFUSALS and now - failing_since >= REFUSED_FOR
        ):
            wait = REFUSED_PAUSE
            explanation = f"{explanation} It goes on like this, so it is asked once a day."
        return replace(
            health,
            state=next_state(state, Happening.REFRESH_FAILED),
            # A lost answer stays the cause until a renewal succeeds: what follows comes from it.
            cause=CAUSE_ANSWER_LOST if is_lost else error.code,
            explanation=explanation,
            failures=failures,
            retry_at=now + wait,
            failing_since=failing_since,
        )
    cause = CAUSE_ANSWER_LOST if is_lost else CAUSE_DEAD_GRANT
    seen_at = health.dead_grant_at
    confirmed = seen_at is not None and now - seen_at >= DEAD_GRANT_PAUSE
    if confirmed:
        return Health(
            state=next_state(state, Happening.DEAD_GRANT_CONFIRMED),
            cause=cause,
            explanation=_lost(lost) if is_lost else _DEAD,
            failures=health.failures + 1,
            dead_grant_at=seen_at,
            failing_since=failing_since,
        )
    first_seen = seen_at or now
    return Health(
        state=next_state(state, Happening.DEAD_GRANT_SEEN),
        cause=cause,
        explanation="The service refused the refresh token once; it is asked once more.",
        failures=health.failures + 1,
        retry_at=first_seen + DEAD_GRANT_PAUSE,
        dead_grant_at=first_seen,
        failing_since=failing_since,
    )


_DEAD: Final = "The service says that the grant has expired or was revoked."


def _lost(attempt: RefreshAttempt | None) -> str:
    when, which = "", ""
    if attempt is not None:
        when = f" on {attempt.started_at:%Y-%m-%d at %H:%M:%S} UTC"
        which = f" (Attempt {attempt.id}.)"
    return (
        f"The service was asked for a new token{when}, and its answer was lost on its way to us; "
        f"the old refresh token no longer works. Nobody revoked anything.{which}"
    )

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.connections.renewal.health import (
    Verdict,
    after_failure,
    after_success,
    draft,
    edited,
    verdict_of,
)
from grantline.connections.state import HELD, Happening, State
from grantline.errors import (
    AuthorizationServerError,
    GrantlineError,
    InvalidClient,
    InvalidGrant,
    InvalidResponse,
    OutcomeUnknown,
    StoreBusy,
    TemporarilyUnavailable,
    TransportFailed,
)
from grantline.store.records.connections import Health
from grantline.testing.clock import START
from tests.records import an_attempt

MINUTE = timedelta(minutes=1)
HEALTHY = Health(state=State.AUTHORIZED)
DEAD = InvalidGrant("Dead.", error="invalid_grant")
BUSY = TemporarilyUnavailable("Busy.")
REFUSED = InvalidClient("Refused.", error="invalid_client")
LOST = "rotation_answer_lost"


def _after(
    health: Health, error: GrantlineError, at: timedelta = timedelta(0), *, lost: bool = False
) -> Health:
    attempt = an_attempt(id="att_7", started_at=START) if lost else None
    return after_failure(health, error, now=START + at, jitter=1.0, lost=attempt)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (DEAD, Verdict.DEAD_GRANT),
        (BUSY, Verdict.TEMPORARY),
        (OutcomeUnknown("x"), Verdict.TEMPORARY),
        (StoreBusy("x"), Verdict.TEMPORARY),
        (TransportFailed("x", check="connect", sent=False), Verdict.TEMPORARY),
        (REFUSED, Verdict.REFUSED),
        (AuthorizationServerError("x", error="server_says_no"), Verdict.REFUSED),
        (InvalidResponse("x", check="not_json"), Verdict.REFUSED),
    ],
    ids=lambda each: type(each).__name__,
)
def test_only_a_dead_grant_speaks_of_the_grant(error: GrantlineError, verdict: Verdict) -> None:
    assert verdict_of(error) is verdict


def test_a_dead_grant_is_believed_when_seen_twice_a_minute_apart() -> None:
    first = _after(HEALTHY, DEAD)
    assert (first.state, first.dead_grant_at) == (State.FAILING, START)
    assert first.retry_at == START + MINUTE
    early = _after(first, DEAD, MINUTE - timedelta(microseconds=1))
    assert (early.state, early.dead_grant_at) == (State.FAILING, START)
    assert early.retry_at == START + MINUTE
    confirmed = _after(early, DEAD, MINUTE)
    assert (confirmed.state, confirmed.cause) == (State.REAUTHORIZATION_REQUIRED, "grant_dead")
    assert "expired or was revoked" in confirmed.explanation


@pytest.mark.parametrize("error", [BUSY, REFUSED, OutcomeUnknown("x")])
def test_no_other_failure_ever_marks_a_connection_dead(error: GrantlineError) -> None:
    health = HEALTHY
    for count in range(1, 100):
        health = _after(health, error, MINUTE * count)
        assert health.state == State.FAILING
        assert health.failures == count
        assert health.cause == error.code


@given(st.lists(st.tuples(st.sampled_from([DEAD, BUSY, REFUSED]), st.integers(0, 90)), max_size=20))
def test_whatever_fails_a_death_needs_two_signs_a_minute_apart(
    failures: list[tuple[GrantlineError, int]],
) -> None:
    health, at = HEALTHY, timedelta(0)
    first: timedelta | None = None
    for error, seconds in failures:
        at += timedelta(seconds=seconds)
        health = _after(health, error, at)
        if error is DEAD:
            first = at if first is None else first
        if health.state == State.REAUTHORIZATION_REQUIRED:
            assert error is DEAD
            assert first is not None
            assert at - first >= MINUTE
            return
        assert health.state == State.FAILING


def test_a_lost_answer_is_named_from_the_first_sign_to_the_last() -> None:
    health = _after(HEALTHY, BUSY, lost=True)
    assert health.cause == LOST
    health = _after(health, BUSY)
    health = _after(health, DEAD)
    health = _after(health, REFUSED, MINUTE)
    health = _after(health, DEAD, MINUTE)
    assert (health.state, health.cause) == (State.REAUTHORIZATION_REQUIRED, LOST)
    assert "lost" in health.explanation
    assert "Nobody revoked" in health.explanation


def test_success_forgets_every_failure() -> None:
    ill = _after(_after(HEALTHY, BUSY, lost=True), DEAD)
    assert after_success(ill, Happening.REFRESHED, START, None) == HEALTHY


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (timedelta(days=7), State.AUTHORIZED),
        (timedelta(days=7) - timedelta(seconds=1), State.EXPIRING),
        (None, State.AUTHORIZED),
    ],
)
def test_a_refresh_token_that_ends_soon_is_announced(left: timedelta | None, state: State) -> None:
    ends_at = None if left is None else START + left
    assert after_success(draft(), Happening.AUTHORIZED, START, ends_at).state == state


@pytest.mark.parametrize("state", HELD)
def test_the_server_says_when_to_come_back(state: State) -> None:
    busy = TemporarilyUnavailable("Busy.", retry_after=timedelta(hours=2))
    after = _after(Health(state=state), busy)
    assert after.retry_at == START + timedelta(hours=2)
    assert (after.cause, after.explanation) == ("temporarily_unavailable", "Busy.")


def test_an_edit_names_what_was_edited() -> None:
    health = edited(("token_uri", "issuer"))
    assert (health.state, health.cause) == (State.DRAFT, "identity_edited")
    assert "token_uri, issuer" in health.explanation

"""The reading half of ``oauth.revocation``; what it sends is in ``test_revocation.py``."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import GrantlineError, TransportFailed
from grantline.messages import HttpResponse
from grantline.oauth.answers.failure import FailureKind, failure_of
from grantline.oauth.tokens.revocation import parse_revocation_response, revocation_failure

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"ok":true}', b"<html>", b"\xff", b"revoked"])
def test_any_success_is_a_success_since_rfc_7009_gives_the_body_no_meaning(body: bytes) -> None:
    parse_revocation_response(HttpResponse(200, (), body), now=NOW)


@pytest.mark.parametrize(
    ("status", "body", "kind", "may_retry"),
    [
        (503, b"", FailureKind.TRANSIENT, True),
        (500, b"<html>", FailureKind.TRANSIENT, True),
        (400, b'{"error":"unsupported_token_type"}', FailureKind.REQUEST, False),
        (400, b'{"error":"invalid_token"}', FailureKind.ALREADY_GONE, False),
        (400, b'{"error":"invalid_grant"}', FailureKind.ALREADY_GONE, False),
        (200, b'{"ok":false,"error":"invalid_auth"}', FailureKind.ALREADY_GONE, False),
        (401, b'{"error":"invalid_client"}', FailureKind.CLIENT_CONFIG, False),
        (404, b"", FailureKind.REQUEST, False),
    ],
)
def test_a_failure_says_whether_to_try_again(
    status: int, body: bytes, kind: FailureKind, *, may_retry: bool
) -> None:
    with pytest.raises(GrantlineError) as caught:
        parse_revocation_response(HttpResponse(status, (), body), now=NOW)
    found = failure_of(caught.value)
    assert found is not None
    assert (found.kind, found.may_retry) == (kind, may_retry)


def test_a_lost_answer_is_asked_for_again() -> None:
    lost = TransportFailed("x", check="timeout", sent=True)
    assert revocation_failure(lost).may_retry


@given(st.binary(max_size=100), st.integers(200, 599))
def test_no_answer_is_taken_for_a_grant_that_must_be_renewed(body: bytes, status: int) -> None:
    try:
        parse_revocation_response(HttpResponse(status, (), body), now=NOW)
    except GrantlineError as error:
        found = failure_of(error)
    else:
        return
    assert found is not None
    assert not found.is_dead_grant

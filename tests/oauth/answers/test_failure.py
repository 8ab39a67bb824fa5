from datetime import timedelta

import pytest

from grantline.errors import (
    AuthorizationDenied,
    AuthorizationServerError,
    EgressBlocked,
    GrantlineError,
    InvalidClient,
    InvalidGrant,
    InvalidResponse,
    LimitExceeded,
    OutcomeUnknown,
    StoreBusy,
    TemporarilyUnavailable,
    TransportFailed,
)
from grantline.oauth.answers.failure import Failure, FailureKind, failure_from_transport, failure_of
from grantline.oauth.grant import GrantType

CODE, REFRESH = GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FailureKind.REAUTH, InvalidGrant),
        (FailureKind.CODE_REJECTED, InvalidGrant),
        (FailureKind.EXPIRED, InvalidGrant),
        (FailureKind.CLIENT_CONFIG, InvalidClient),
        (FailureKind.USER_DENIED, AuthorizationDenied),
        (FailureKind.USER_ACTION, AuthorizationServerError),
        (FailureKind.REQUEST, AuthorizationServerError),
        (FailureKind.REQUEST_OR_REAUTH, AuthorizationServerError),
        (FailureKind.ALREADY_GONE, AuthorizationServerError),
        (FailureKind.TRANSIENT, TemporarilyUnavailable),
        (FailureKind.AMBIGUOUS, OutcomeUnknown),
        (FailureKind.BAD_RESPONSE, InvalidResponse),
        (FailureKind.SECURITY, InvalidResponse),
        (FailureKind.REDIRECT, InvalidResponse),
        (FailureKind.UNSUPPORTED_TOKEN_TYPE, InvalidResponse),
        (FailureKind.GONE, InvalidResponse),
    ],
)
def test_every_kind_has_one_error_that_carries_the_failure(
    kind: FailureKind, error: type[GrantlineError]
) -> None:
    failure = Failure(kind=kind, error="label", description="<b>server text</b>")
    raised = failure.as_error()
    assert type(raised) is error
    assert failure_of(raised) is failure
    assert "server text" not in str(raised)


def test_only_one_kind_ends_a_connection() -> None:
    dead = [kind for kind in FailureKind if Failure(kind=kind, error="x").is_dead_grant]
    assert dead == [FailureKind.REAUTH]


def test_the_wait_reaches_the_error() -> None:
    wait = timedelta(seconds=7)
    error = Failure(kind=FailureKind.TRANSIENT, error="x", retry_after=wait).as_error()
    assert isinstance(error, TemporarilyUnavailable)
    assert error.retry_after == wait


def failed(check: str, *, sent: bool) -> TransportFailed:
    return TransportFailed("x", check=check, sent=sent)


@pytest.mark.parametrize(
    ("error", "grant", "kind", "label", "may_retry"),
    [
        (failed("timeout", sent=True), CODE, FailureKind.AMBIGUOUS, "timeout", False),
        (failed("timeout", sent=True), REFRESH, FailureKind.TRANSIENT, "timeout", True),
        (failed("connect", sent=False), CODE, FailureKind.TRANSIENT, "connect", True),
        (failed("disconnected", sent=True), CODE, FailureKind.AMBIGUOUS, "disconnected", False),
        (
            failed("content_decoding", sent=True),
            REFRESH,
            FailureKind.BAD_RESPONSE,
            "content_decoding",
            False,
        ),
        (
            LimitExceeded("x", limit="response_bytes"),
            CODE,
            FailureKind.BAD_RESPONSE,
            "response_too_large",
            False,
        ),
        (LimitExceeded("x", limit="time"), CODE, FailureKind.AMBIGUOUS, "time", False),
        (EgressBlocked("x", rule="ip_private"), REFRESH, FailureKind.SECURITY, "ip_private", False),
        (StoreBusy("x"), REFRESH, FailureKind.TRANSIENT, "store_busy", True),
    ],
)
def test_a_refresh_may_be_sent_again_and_a_code_never_once_it_left(
    error: GrantlineError, grant: GrantType, kind: FailureKind, label: str, *, may_retry: bool
) -> None:
    failure = failure_from_transport(error, grant=grant)
    assert (failure.kind, failure.error, failure.may_retry) == (kind, label, may_retry)


def test_a_failure_that_is_known_already_stays_as_it_is() -> None:
    known = Failure(kind=FailureKind.REQUEST, error="x")
    assert failure_from_transport(known.as_error(), grant=CODE) is known

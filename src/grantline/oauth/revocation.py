"""Revoking tokens (RFC 7009)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from grantline.errors import GrantlineError
from grantline.messages import HttpResponse
from grantline.oauth.error_answer import error_failure
from grantline.oauth.failure import Failure, FailureKind, failure_from_transport
from grantline.oauth.grant import GrantType

# What services say of a token that is dead already, besides refusing the grant (Slack).
_DEAD_TOKEN: Final = frozenset({"invalid_auth", "not_authed", "account_inactive"})


def parse_revocation_response(response: HttpResponse, *, now: datetime) -> None:
    """Nothing, when the token is revoked; a token the server never knew counts (section 2.2).

    Whatever is raised, the connection is deleted here all the same; only
    ``TemporarilyUnavailable`` is worth another try, and ``ALREADY_GONE`` needs none.

    Raises:
        AuthorizationServerError: The server refused (section 2.2.1).
        TemporarilyUnavailable: The token may still be alive; try again.
        InvalidResponse: The endpoint has moved.
    """
    # A token to revoke is as dead by these codes as a refresh token to present.
    failure = error_failure(response, grant=GrantType.REFRESH_TOKEN, now=now)
    if failure is not None:
        raise _already_gone(failure).as_error()


def revocation_failure(error: GrantlineError) -> Failure:
    """What it means that no answer came: revoking twice does no harm."""
    return failure_from_transport(error, grant=GrantType.REFRESH_TOKEN)


def _already_gone(failure: Failure) -> Failure:
    dead = failure.is_dead_grant or failure.error in _DEAD_TOKEN
    return replace(failure, kind=FailureKind.ALREADY_GONE) if dead else failure

"""Revoking tokens (RFC 7009)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from grantline.errors import GrantlineError
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.error_answer import error_failure
from grantline.oauth.failure import Failure, FailureKind, failure_from_transport
from grantline.oauth.grant import GrantType
from grantline.oauth.moment import Moment
from grantline.oauth.settings import AppSettings, ClientSecrets
from grantline.oauth.token_request import Grant, authenticated_request
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret

REVOCATION_URI: Final = "Revocation URI"

# What services say of a token that is dead already, besides refusing the grant (Slack).
_DEAD_TOKEN: Final = frozenset({"invalid_auth", "not_authed", "account_inactive"})


class TokenKind(StrEnum):
    """``token_type_hint`` (section 2.1)."""

    REFRESH_TOKEN = "refresh_token"
    ACCESS_TOKEN = "access_token"


def tokens_to_revoke(tokens: TokenSet) -> tuple[tuple[TokenKind, Secret], ...]:
    """What to revoke, in order: the refresh token first.

    A server that revokes it revokes the access tokens with it (section 2.1); the other way round,
    a failure in between would leave the stronger token alive.
    """
    access = (TokenKind.ACCESS_TOKEN, tokens.access_token)
    if not tokens.refresh_token:
        return (access,)
    return ((TokenKind.REFRESH_TOKEN, tokens.refresh_token), access)


def revocation_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    token: Secret,
    kind: TokenKind,
    moment: Moment,
) -> HttpRequest:
    """The request that ends ``token`` (section 2.1), with the client's authentication."""
    grant = Grant(
        parameters=(("token", token.reveal()), ("token_type_hint", kind)),
        endpoint=settings.revocation_uri,
        endpoint_field=REVOCATION_URI,
    )
    return authenticated_request(grant, settings=settings, secrets=secrets, moment=moment)


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

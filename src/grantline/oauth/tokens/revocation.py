"""Revoking tokens (RFC 7009)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from grantline.errors import GrantlineError
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.error_answer import error_failure
from grantline.oauth.answers.failure import Failure, FailureKind, failure_from_transport
from grantline.oauth.app.app_rules import RevokedToken
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.grant import GrantType
from grantline.oauth.moment import Moment
from grantline.oauth.requests.parameters import OWNED_IN_TOKEN_REQUEST, Purpose
from grantline.oauth.requests.token_request import Grant, authenticated_request
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.placement import credential_of, place
from grantline.secret import Secret

REVOCATION_URI: Final = "Revocation URI"
REVOCATION_PARAMETERS: Final = "Revocation parameters"

# What services say of a token that is dead already, besides refusing the grant (Slack).
_DEAD_TOKEN: Final = frozenset({"invalid_auth", "not_authed", "account_inactive"})


class TokenKind(StrEnum):
    """``token_type_hint`` (section 2.1)."""

    REFRESH_TOKEN = "refresh_token"
    ACCESS_TOKEN = "access_token"


def tokens_to_revoke(
    tokens: TokenSet, which: RevokedToken = RevokedToken.BOTH
) -> tuple[tuple[TokenKind, Secret], ...]:
    """What to revoke, in order: the refresh token first.

    A server that revokes it revokes the access tokens with it (section 2.1); the other way round,
    a failure in between would leave the stronger token alive.
    """
    access = (TokenKind.ACCESS_TOKEN, tokens.access_token)
    if not tokens.refresh_token or which is RevokedToken.ACCESS_TOKEN:
        return (access,)
    refresh = (TokenKind.REFRESH_TOKEN, tokens.refresh_token)
    return (refresh,) if which is RevokedToken.REFRESH_TOKEN else (refresh, access)


def revocation_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    token: Secret,
    kind: TokenKind,
    moment: Moment,
) -> HttpRequest:
    """The request that ends ``token`` (section 2.1), with the client's authentication.

    Where the app says so it is an API request instead, and the token that it carries is ended.
    """
    rules = settings.revocation
    grant = Grant(
        parameters=(
            () if rules.as_api_request else (("token", token.reveal()), ("token_type_hint", kind))
        ),
        endpoint=settings.revocation_uri,
        endpoint_field=REVOCATION_URI,
        authentication=(
            ClientAuthentication.NONE if rules.as_api_request else rules.authentication
        ),
        extra=rules.parameters,
        extra_field=REVOCATION_PARAMETERS,
        owned=frozenset() if rules.as_api_request else OWNED_IN_TOKEN_REQUEST,
        values={kind: token.reveal()},
        purpose=Purpose.REVOKE,
        method=rules.method,
        format=rules.format,
        is_bare=rules.as_api_request,
    )
    request = authenticated_request(grant, settings=settings, secrets=secrets, moment=moment)
    if not rules.as_api_request:
        return request
    credential = credential_of(settings, TokenSet(access_token=token))
    if any(name.lower() == "accept" for name, _ in credential.beside):
        # The API's own, such as one with a version in it, takes the place of ours.
        others = tuple(each for each in request.headers if each[0].lower() != "accept")
        request = replace(request, headers=others)
    return place(request, credential)


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

"""Refreshing an access token (RFC 6749 section 6)."""

from __future__ import annotations

from grantline.errors import ReauthorizationRequired
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import Flow
from grantline.oauth.grant import GrantType
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.requests.parameters import OWNED_IN_TOKEN_REQUEST, REFRESH_PARAMETERS, Purpose
from grantline.oauth.requests.token_request import Grant, token_flow, token_request
from grantline.oauth.token_set import TokenSet


def refresh_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    tokens: TokenSet,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The request that trades ``tokens`` for a new token set.

    No scope is sent: the server then grants what it granted (section 6). A service that wants
    one, or a redirect URI, gets it through the Refresh token parameters.

    Args:
        settings: The app.
        secrets: The app's secrets.
        tokens: The newest token set of the connection.
        moment: The instant and randomness.
        dpop: The connection's key, when its tokens are bound to one.

    Raises:
        ReauthorizationRequired: There is no refresh token to present.
    """
    return token_request(
        _grant(settings, tokens), settings=settings, secrets=secrets, moment=moment, dpop=dpop
    )


def refresh_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    tokens: TokenSet,
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to a refresh, unread: save it first, then judge it, or a parser loses a token."""
    return token_flow(
        _grant(settings, tokens), settings=settings, secrets=secrets, moment=moment, dpop=dpop
    )


def _grant(settings: AppSettings, tokens: TokenSet) -> Grant:
    extra = settings.refresh_parameters
    owned = OWNED_IN_TOKEN_REQUEST
    if settings.response.refresh_with == "access_token":
        # Services that extend an access token have a grant type of their own for it, given as a
        # Refresh token parameter (Instagram: ig_refresh_token).
        owned -= {"grant_type"}
        parameters: Pairs = (("access_token", tokens.access_token.reveal()),)
        if "grant_type" not in dict(extra):
            parameters = (("grant_type", GrantType.REFRESH_TOKEN), *parameters)
    elif tokens.refresh_token:
        parameters = (
            ("grant_type", GrantType.REFRESH_TOKEN),
            ("refresh_token", tokens.refresh_token.reveal()),
        )
    else:
        raise ReauthorizationRequired(
            "The service gave no refresh token, so this connection cannot be renewed.",
            reason="no_refresh_token",
            hint="Authorize the connection again.",
        )
    refresh_token = tokens.refresh_token
    return Grant(
        parameters=parameters,
        endpoint=settings.refresh_uri or settings.token_uri,
        authentication=settings.refresh_authentication,
        extra=extra,
        extra_field=REFRESH_PARAMETERS,
        owned=owned,
        headers=settings.refresh_headers,
        values={
            "access_token": tokens.access_token.reveal(),
            "refresh_token": refresh_token.reveal() if refresh_token else "",
        },
        purpose=Purpose.REFRESH,
        method=settings.refresh_request_method or settings.token_request_method,
        format=settings.refresh_request_format or settings.token_request_format,
    )

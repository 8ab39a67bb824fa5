"""The resource owner password credentials grant (RFC 6749 section 4.3): legacy.

RFC 9700 section 2.4 forbids it where anything else is possible. It is here for services that
offer nothing else, is labelled so wherever it can be chosen, and is never a default.
"""

from __future__ import annotations

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import Flow
from grantline.oauth.grant import GrantType
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.requests.token_request import (
    Grant,
    scope_parameters,
    token_flow,
    token_grant,
    token_request,
)
from grantline.secret import Secret


def password_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    username: str,
    password: Secret,
    scopes: tuple[str, ...],
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The request that trades a person's password for a token set (section 4.3.2)."""
    grant = _grant(settings, username, password, scopes)
    return token_request(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def password_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    username: str,
    password: Secret,
    scopes: tuple[str, ...],
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to a password, unread. The caller forgets the password then."""
    grant = _grant(settings, username, password, scopes)
    return token_flow(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def _grant(
    settings: AppSettings, username: str, password: Secret, scopes: tuple[str, ...]
) -> Grant:
    if not username:
        raise InvalidInput("The user name is empty.", field="User name")
    parameters = (
        ("grant_type", GrantType.PASSWORD),
        ("username", username),
        ("password", password.reveal()),
        *scope_parameters(settings, scopes),
    )
    return token_grant(settings, parameters, username=username, password=password.reveal())

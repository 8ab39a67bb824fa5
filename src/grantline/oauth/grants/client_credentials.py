"""The client credentials grant (RFC 6749 section 4.4): a service acting as itself."""

from __future__ import annotations

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


def client_credentials_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    scopes: tuple[str, ...],
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The request for a token of the client's own (section 4.4.2)."""
    grant = _grant(settings, scopes)
    return token_request(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def client_credentials_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    scopes: tuple[str, ...],
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to the request for a token of the client's own, unread."""
    grant = _grant(settings, scopes)
    return token_flow(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def _grant(settings: AppSettings, scopes: tuple[str, ...]) -> Grant:
    parameters = (("grant_type", GrantType.CLIENT_CREDENTIALS), *scope_parameters(settings, scopes))
    return token_grant(settings, parameters)

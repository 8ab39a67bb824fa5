"""The JWT bearer grant (RFC 7523 section 2.1): a signed assertion instead of a person's consent.

Google's service accounts work this way, with the scopes inside the assertion and, for domain-wide
delegation, the user to act for as ``sub``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import Flow
from grantline.oauth.grant import GrantType
from grantline.oauth.jwt import numeric_date, sign_jwt
from grantline.oauth.moment import Moment
from grantline.oauth.requests.client_auth import PRIVATE_KEY
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.requests.token_request import (
    Grant,
    scope_parameters,
    token_flow,
    token_grant,
    token_request,
)

# What Google, the strictest of the large ones, accepts at most.
MAX_LIFETIME: Final = timedelta(hours=1)


def jwt_bearer_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    scopes: tuple[str, ...],
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The request that trades an assertion of ours for a token set (RFC 7523 section 4)."""
    grant = _grant(settings, secrets, scopes, moment)
    return token_request(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def jwt_bearer_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    scopes: tuple[str, ...],
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to an assertion, unread."""
    grant = _grant(settings, secrets, scopes, moment)
    return token_flow(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def _grant(
    settings: AppSettings, secrets: ClientSecrets, scopes: tuple[str, ...], moment: Moment
) -> Grant:
    parameters: Pairs = (
        ("grant_type", GrantType.JWT_BEARER),
        ("assertion", _assertion(settings, secrets, scopes, moment)),
    )
    if not settings.assertion.scope_in_assertion:
        parameters += scope_parameters(settings, scopes)
    return token_grant(settings, parameters)


def _assertion(
    settings: AppSettings, secrets: ClientSecrets, scopes: tuple[str, ...], moment: Moment
) -> str:
    rules = settings.assertion
    if not secrets.private_key:
        raise InvalidInput(f"{PRIVATE_KEY} is empty, and the grant needs it.", field=PRIVATE_KEY)
    if not timedelta(0) < rules.lifetime <= MAX_LIFETIME:
        raise InvalidInput("An assertion lives up to one hour.", field="Assertion lifetime")
    issuer = rules.issuer or settings.client_id
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": rules.subject or issuer,
        "aud": rules.audience or settings.issuer or settings.token_uri,
        "iat": numeric_date(moment.now),
        "exp": numeric_date(moment.now + rules.lifetime),
        "jti": moment.identifier("assertion"),
    }
    if rules.scope_in_assertion and scopes:
        claims["scope"] = settings.scope_separator.join(scopes)
    header = {"kid": rules.key_id} if rules.key_id else {}
    return sign_jwt(
        claims,
        key=secrets.private_key,
        algorithm=rules.algorithm,
        header=header,
        field=PRIVATE_KEY,
    )

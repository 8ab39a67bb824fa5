"""What a connection and its app must look like before a row is written.

An app is checked by building each request that it will ever make, with stand-ins for what only
the moment knows. So a wrong URI, a doubled parameter or a missing secret is found when the form is
saved, by the same code that would have met it later, and there is no second set of rules.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from grantline.calls.hosts import HostList
from grantline.connections.labels import label_of
from grantline.connections.requests.service import check_rate_limit
from grantline.connections.values import check_names
from grantline.errors import InvalidInput
from grantline.oauth.app.inputs import resolved, sample_values, setting_at
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.oauth.app.template import host_names_in, names_in
from grantline.oauth.authorization.authorization_code import (
    AUTHORIZE_URI,
    AuthorizationRequest,
    authorization_url,
    code_exchange_request,
)
from grantline.oauth.authorization.device import (
    DEVICE_AUTHORIZATION_URI,
    device_authorization_request,
)
from grantline.oauth.authorization.par import PAR_URI, pushed_authorization_request
from grantline.oauth.authorization.pkce import code_verifier
from grantline.oauth.grants.client_credentials import client_credentials_request
from grantline.oauth.grants.jwt_bearer import jwt_bearer_request
from grantline.oauth.grants.login import login_request
from grantline.oauth.grants.password import password_request
from grantline.oauth.grants.refresh import refresh_request
from grantline.oauth.grants.upgrade import UPGRADE_URI, upgrade_request
from grantline.oauth.moment import Moment
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.oauth.requests.token_request import TOKEN_URI
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.introspection import INTROSPECTION_URI
from grantline.oauth.tokens.placement import credential_of
from grantline.oauth.tokens.revocation import REVOCATION_URI, TokenKind, revocation_request
from grantline.secret import Secret
from grantline.url import parse_url

_NAME: Final = re.compile(r"[\w][\w .@/+-]{0,99}")
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_ID_PREFIXES: Final = ("con_", "app_")
MOST_AT_ONCE: Final = 1000

URI_FIELDS: Final = {
    "authorize_uri": AUTHORIZE_URI,
    "token_uri": TOKEN_URI,
    "refresh_uri": "Refresh URI",
    "device_authorization_uri": DEVICE_AUTHORIZATION_URI,
    "revocation_uri": REVOCATION_URI,
    "introspection_uri": INTROSPECTION_URI,
    "pushed_authorization_uri": PAR_URI,
    "jwks_uri": "JWKS URI",
    "base_url": "Base URL",
    "upgrade.uri": UPGRADE_URI,
}

_STAND_IN: Final = Secret("stand-in")
_TOKENS: Final = TokenSet(access_token=_STAND_IN, refresh_token=_STAND_IN)
_MOMENT: Final = Moment(now=datetime(2026, 1, 1, tzinfo=UTC), seed=bytes(32))


def check_name(name: str, *, field: str) -> str:
    """``name`` when people and shells can handle it.

    Raises:
        InvalidInput: It is empty, too long, has odd characters, or looks like an id.
    """
    if not name.strip():
        raise InvalidInput(f"{field} is empty.", field=field, hint="Type a name to know it by.")
    if not _NAME.fullmatch(name) or name != name.strip() or name.startswith(_ID_PREFIXES):
        raise InvalidInput(
            f"{field} “{name[:100]}” cannot be used.",
            field=field,
            hint="Use up to 100 letters, digits, blanks and . _ - / @ +, beginning with a letter "
            "or digit; con_ and app_ are kept for ids.",
        )
    return name


def check_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """``scopes``, each one scope token (RFC 6749 section 3.3), none twice."""
    for scope in scopes:
        if not _SCOPE.fullmatch(scope):
            raise InvalidInput(
                f"“{scope}” is not one scope.",
                field="Scopes",
                hint="Give each scope by itself, without blanks, quotes or backslashes.",
            )
    return tuple(dict.fromkeys(scopes))


def check_at_once(at_once: int) -> int:
    """``at_once``, a number of modules; 0 stands for any number."""
    if not 0 <= at_once <= MOST_AT_ONCE:
        raise InvalidInput(
            f"A connection is used by at most {MOST_AT_ONCE} modules at once, or without a limit.",
            field=label_of("at_once"),
            hint="Give a number from 1 on, or 0 for no limit.",
        )
    return at_once


def check_hosts(hosts: tuple[str, ...], *, base_url: str) -> tuple[str, ...]:
    """``hosts`` in canonical form; without any, the host of ``base_url`` when there is one.

    An entry with a name in braces stays as it is: it counts when its value is known.
    """
    if not hosts and base_url:
        hosts = (_host_of(base_url),)
    named = [each.strip() for each in hosts if names_in(each)]
    plain = [each for each in hosts if not names_in(each)]
    return tuple(sorted((*HostList.parse(plain, field="Hosts").patterns, *named)))


def _host_of(base_url: str) -> str:
    if host_names_in(base_url):
        return base_url.partition("://")[2].partition("/")[0] or base_url.partition("/")[0]
    return parse_url(base_url).host


def check_uris(settings: AppSettings) -> None:
    """Refuses an app with a URI that cannot be used, whichever flow would use it.

    Raises:
        InvalidInput: Names the field of the form.
    """
    settings = resolved(settings, sample_values(settings))
    for name, label in URI_FIELDS.items():
        if name == "authorize_uri" and settings.authorize_in_fragment:
            continue
        if uri := setting_at(settings, name):
            endpoint_url(uri, field=label)


def check_settings(settings: AppSettings, flow: FlowType, secrets: ClientSecrets) -> None:
    """Refuses settings with which ``flow`` could not work.

    Raises:
        InvalidInput: Names the field of the form and what is wrong with it.
    """
    if not settings.client_id and flow is not FlowType.LOGIN:
        raise InvalidInput(
            "Client ID is empty.", field="Client ID", hint="The service's console shows it."
        )
    check_names(settings)
    # What a connection has not said or been told yet is tried with samples.
    settings = resolved(settings, sample_values(settings))
    token_type = "DPoP" if settings.use_dpop else "Bearer"
    credential_of(settings, replace(_TOKENS, token_type=token_type))
    check_uris(settings)
    check_rate_limit(settings.rate_limit)
    if flow is FlowType.IMPLICIT:
        authorization_url(settings=settings, request=_authorization(flow))
        return
    if flow is not FlowType.LOGIN:
        refresh_request(settings=settings, secrets=secrets, tokens=_TOKENS, moment=_MOMENT)
    _check_beside(settings, secrets)
    _check_first_request(settings, flow, secrets)


def _check_beside(settings: AppSettings, secrets: ClientSecrets) -> None:
    if settings.revocation_uri:
        # A connection without the secret that a revocation needs works all the same.
        able = secrets if secrets.client_secret else replace(secrets, client_secret=_STAND_IN)
        revocation_request(
            settings=settings,
            secrets=able,
            token=_STAND_IN,
            kind=TokenKind.ACCESS_TOKEN,
            moment=_MOMENT,
        )
    if settings.upgrade.uri:
        upgrade_request(settings=settings, secrets=secrets, tokens=_TOKENS, moment=_MOMENT)


def _check_first_request(settings: AppSettings, flow: FlowType, secrets: ClientSecrets) -> None:
    match flow:
        case FlowType.AUTHORIZATION_CODE:
            request = _authorization(flow)
            authorization_url(settings=settings, request=request)
            if settings.use_par:
                pushed_authorization_request(
                    settings=settings, secrets=secrets, request=request, moment=_MOMENT
                )
            code_exchange_request(
                settings=settings,
                secrets=secrets,
                request=request,
                code=_STAND_IN,
                moment=_MOMENT,
            )
        case FlowType.CLIENT_CREDENTIALS:
            client_credentials_request(
                settings=settings, secrets=secrets, scopes=(), moment=_MOMENT
            )
        case FlowType.PASSWORD:
            password_request(
                settings=settings,
                secrets=secrets,
                username="stand-in",
                password=_STAND_IN,
                scopes=(),
                moment=_MOMENT,
            )
        case FlowType.DEVICE:
            device_authorization_request(
                settings=settings, secrets=secrets, scopes=(), moment=_MOMENT
            )
        case FlowType.JWT_BEARER:
            jwt_bearer_request(settings=settings, secrets=secrets, scopes=(), moment=_MOMENT)
        case FlowType.LOGIN:
            login_request(
                settings=settings,
                secrets=secrets,
                username="stand-in",
                password=_STAND_IN,
                moment=_MOMENT,
            )


def _authorization(flow: FlowType) -> AuthorizationRequest:
    return AuthorizationRequest(
        redirect_uri="https://stand-in.example/",
        state=_STAND_IN,
        verifier=code_verifier(bytes(32)),
        flow=flow,
        values=_MOMENT.values,
    )

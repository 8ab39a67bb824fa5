"""How a connection gets its next token set, said once for refreshes and for grants without people.

A ``Renewal`` is a conversation with the token endpoint and how to read its answer. A connection
may have more than one way (a refresh token, and a password that still works), tried in order.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grantline.connections.context import fingerprint
from grantline.connections.renewal.holding import Holding
from grantline.messages import HttpResponse
from grantline.oauth.app.settings import FlowType
from grantline.oauth.flow import Flow
from grantline.oauth.grant import GrantType
from grantline.oauth.grants.client_credentials import client_credentials_flow
from grantline.oauth.grants.jwt_bearer import jwt_bearer_flow
from grantline.oauth.grants.login import login_flow
from grantline.oauth.grants.password import password_flow
from grantline.oauth.grants.refresh import refresh_flow
from grantline.oauth.moment import Moment
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.token_response import Asked, parse_token_response
from grantline.secret import Secret

GRANTS: Final = {
    FlowType.CLIENT_CREDENTIALS: GrantType.CLIENT_CREDENTIALS,
    FlowType.PASSWORD: GrantType.PASSWORD,
    FlowType.JWT_BEARER: GrantType.JWT_BEARER,
    FlowType.LOGIN: GrantType.LOGIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """One way to the next token set.

    Attributes:
        grant: What is presented; says how the answer is read.
        held: The token set that is renewed; what the answer does not renew is kept of it.
        token_hash: Of the refresh token that is spent; empty for grants that spend nothing.
        converse: Builds the conversation; it yields requests and gives the unread answer.
    """

    grant: GrantType
    held: TokenSet | None
    token_hash: str
    converse: Callable[[Moment], Flow[HttpResponse]]


def renewals_for(holding: Holding) -> tuple[Renewal, ...]:
    """The ways to renew ``holding``, the cheapest first; empty when only a person can."""
    refresh = None if holding.tokens is None else refresh_with(holding, holding.tokens)
    return tuple(each for each in (refresh, grant_for(holding)) if each is not None)


def refresh_with(holding: Holding, tokens: TokenSet) -> Renewal | None:
    """Renewing ``tokens``, which may be others than those of ``holding``; None: they cannot."""
    token = tokens.access_token if holding.refreshes_with_access_token else tokens.refresh_token
    if token is None:
        return None
    return Renewal(
        grant=GrantType.REFRESH_TOKEN,
        held=tokens,
        token_hash=fingerprint(token.reveal()),
        converse=lambda moment: refresh_flow(
            settings=holding.settings,
            secrets=holding.secrets,
            tokens=tokens,
            moment=moment,
            dpop=holding.dpop,
        ),
    )


def grant_for(holding: Holding) -> Renewal | None:
    """The grant that needs no person, or None for flows that need one."""
    settings, secrets = holding.settings, holding.secrets
    scopes, dpop = holding.record.scopes, holding.dpop
    flow_secrets = holding.flow_secrets
    match holding.flow:
        case FlowType.CLIENT_CREDENTIALS:

            def converse(moment: Moment) -> Flow[HttpResponse]:
                return client_credentials_flow(
                    settings=settings, secrets=secrets, scopes=scopes, moment=moment, dpop=dpop
                )

        case FlowType.PASSWORD:

            def converse(moment: Moment) -> Flow[HttpResponse]:
                return password_flow(
                    settings=settings,
                    secrets=secrets,
                    username=flow_secrets.username,
                    password=flow_secrets.password or Secret(""),
                    scopes=scopes,
                    moment=moment,
                    dpop=dpop,
                )

        case FlowType.JWT_BEARER:

            def converse(moment: Moment) -> Flow[HttpResponse]:
                return jwt_bearer_flow(
                    settings=settings, secrets=secrets, scopes=scopes, moment=moment, dpop=dpop
                )

        case FlowType.LOGIN:

            def converse(moment: Moment) -> Flow[HttpResponse]:
                return login_flow(
                    settings=settings,
                    secrets=secrets,
                    username=flow_secrets.username,
                    password=flow_secrets.password,
                    moment=moment,
                )

        case _:
            return None
    return Renewal(grant=GRANTS[holding.flow], held=None, token_hash="", converse=converse)


def read_answer(
    holding: Holding,
    response: HttpResponse,
    *,
    grant: GrantType,
    asked_at: datetime,
    held: TokenSet | None = None,
) -> TokenSet:
    """The token set in ``response``; after a refresh with what it did not renew of ``held`` kept.

    Raises as ``parse_token_response``.
    """
    asked = Asked.of(holding.settings, grant, scope=holding.record.scopes, held=held)
    return parse_token_response(response, asked, now=asked_at)


def response_to_text(response: HttpResponse) -> Secret:
    """An answer as text to be sealed, so that it can be read again after a crash."""
    return Secret(
        json.dumps(
            {
                "status": response.status,
                "headers": response.headers,
                "body": base64.b64encode(response.body).decode(),
                "url": response.url,
            }
        )
    )


def response_from_text(text: Secret) -> HttpResponse:
    """The answer that ``response_to_text`` kept."""
    plain = json.loads(text.reveal())
    return HttpResponse(
        status=plain["status"],
        headers=tuple((name, value) for name, value in plain["headers"]),
        body=base64.b64decode(plain["body"]),
        url=plain["url"],
    )

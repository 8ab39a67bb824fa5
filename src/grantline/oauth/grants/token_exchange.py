"""Token exchange (RFC 8693): one token for another, narrower or meant for another service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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

ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What is traded, and for what (section 2.1).

    Attributes:
        subject_token: The token of the party on whose behalf the new one is.
        subject_token_type: A URI of section 3.
        actor_token: The token of the party that acts, for delegation.
        actor_token_type: A URI of section 3, exactly when there is an actor token.
        requested_token_type: A URI of section 3; empty leaves it to the server.
        audiences: Logical names of the services the token is for.
        scopes: What the new token is to allow.
    """

    subject_token: Secret
    subject_token_type: str = ACCESS_TOKEN_TYPE
    actor_token: Secret | None = None
    actor_token_type: str = ""
    requested_token_type: str = ""
    audiences: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


def token_exchange_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    exchange: Exchange,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The request for ``exchange`` (section 2.1)."""
    grant = _grant(settings, exchange)
    return token_request(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def token_exchange_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    exchange: Exchange,
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to ``exchange``, unread."""
    grant = _grant(settings, exchange)
    return token_flow(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)


def _grant(settings: AppSettings, exchange: Exchange) -> Grant:
    if (exchange.actor_token is None) != (not exchange.actor_token_type):
        raise InvalidInput(
            "An actor token and its type come together (RFC 8693 section 2.1).",
            field="Actor token",
        )
    parameters: list[tuple[str, str]] = [
        ("grant_type", GrantType.TOKEN_EXCHANGE),
        ("subject_token", exchange.subject_token.reveal()),
        ("subject_token_type", exchange.subject_token_type),
    ]
    if exchange.actor_token is not None:
        parameters += [
            ("actor_token", exchange.actor_token.reveal()),
            ("actor_token_type", exchange.actor_token_type),
        ]
    if exchange.requested_token_type:
        parameters.append(("requested_token_type", exchange.requested_token_type))
    parameters += [("audience", audience) for audience in exchange.audiences]
    parameters += scope_parameters(settings, exchange.scopes)
    return token_grant(settings, tuple(parameters))

"""Does it work? Asked of the service itself, and answered with the next step."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import timedelta

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.renewal.holding import Holding
from grantline.connections.renewal.tokens import Tokens
from grantline.connections.transcript import Step
from grantline.errors import (
    AuthorizationServerError,
    ConnectionNotFound,
    GrantlineError,
    InvalidGrant,
    ProtocolError,
)
from grantline.oauth.tokens.introspection import introspection_request, parse_introspection_response


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a connection works.

    Attributes:
        works: True when the service confirmed it; None when it could not be asked.
        explanation: One sentence for people.
        next_step: What to do about it; empty when nothing is.
    """

    works: bool | None
    explanation: str
    next_step: str = ""


async def verify(
    context: Context, tokens: Tokens, actor: Actor, connection_id: str
) -> Verification:
    """Asks the service by introspection (RFC 7662) where there is any, else by renewing.

    A token that the service calls inactive is renewed too: so would be the next request's.

    Raises:
        ConnectionNotFound: There is no such connection.
    """
    name = (await context.hold(actor, connection_id)).record.name
    reauthorize = f"Run: grantline connection reauthorize {shlex.quote(name)}"
    try:
        holding = await tokens.usable(actor, connection_id, insist=True)
        is_active = await _is_active(context, holding)
        if is_active:
            return Verification(
                works=True, explanation="The service says that the token is active."
            )
        if holding.renewable:
            await tokens.usable(
                actor, connection_id, rejected=holding.granted.access_token, insist=True
            )
            return Verification(works=True, explanation="The service issued a fresh access token.")
    except ConnectionNotFound:
        raise
    except InvalidGrant as error:
        return Verification(works=False, explanation=error.message, next_step=reauthorize)
    except GrantlineError as error:
        works = None if error.retryable else False
        return Verification(works, error.message, error.hint)
    if is_active is False:
        return Verification(
            works=False,
            explanation="The service says that the token is not active.",
            next_step=reauthorize,
        )
    return Verification(
        works=None,
        explanation=f"The access token {_remaining(holding, context)}, as far as is known.",
        next_step="Make a request with it: only that can tell more.",
    )


async def _is_active(context: Context, holding: Holding) -> bool | None:
    """Whether the service says that the token is active; None when it does not say."""
    if not holding.settings.introspection_uri:
        return None
    request = introspection_request(
        settings=holding.settings,
        secrets=holding.secrets,
        token=holding.granted.access_token,
        moment=context.moment(),
    )
    answer = await exchange(context, holding, Step.INTROSPECT, request)
    try:
        return parse_introspection_response(answer, now=context.clock.now()).is_active
    except (AuthorizationServerError, ProtocolError):
        # Many servers tell their APIs alone (RFC 7662 section 4): that is not about the token.
        return None


def _remaining(holding: Holding, context: Context) -> str:
    expires_at = holding.tokens.expires_at if holding.tokens else None
    if expires_at is None:
        return "has no known end"
    left = expires_at - context.clock.now()
    return f"should work for {timedelta(seconds=round(left.total_seconds()))}"

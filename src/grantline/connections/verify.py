"""Does it work? Asked of the service itself, and answered with the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.holding import Holding
from grantline.connections.tokens import Tokens
from grantline.errors import ConnectionNotFound, GrantlineError
from grantline.oauth.introspection import introspection_request, parse_introspection_response


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

    Raises:
        ConnectionNotFound: There is no such connection.
    """
    try:
        holding = await tokens.usable(actor, connection_id, insist=True)
        if holding.settings.introspection_uri:
            return await _introspected(context, holding)
        if holding.renewable:
            await tokens.usable(
                actor, connection_id, rejected=holding.granted.access_token, insist=True
            )
            return Verification(works=True, explanation="The service issued a fresh access token.")
    except ConnectionNotFound:
        raise
    except GrantlineError as error:
        works = None if error.retryable else False
        return Verification(works, error.message, error.hint)
    return Verification(
        works=None,
        explanation=f"The access token {_remaining(holding, context)}, as far as is known.",
        next_step="Make a request with it: only that can tell more.",
    )


async def _introspected(context: Context, holding: Holding) -> Verification:
    request = introspection_request(
        settings=holding.settings,
        secrets=holding.secrets,
        token=holding.granted.access_token,
        moment=context.moment(),
    )
    answer = await context.send(request, app_id=holding.app.id)
    said = parse_introspection_response(answer, now=context.clock.now())
    if said.is_active:
        return Verification(works=True, explanation="The service says that the token is active.")
    return Verification(
        works=False,
        explanation="The service says that the token is not active.",
        next_step=f"Run: grantline connection reauthorize {holding.record.name}",
    )


def _remaining(holding: Holding, context: Context) -> str:
    expires_at = holding.tokens.expires_at if holding.tokens else None
    if expires_at is None:
        return "has no known end"
    left = expires_at - context.clock.now()
    return f"should work for {timedelta(seconds=round(left.total_seconds()))}"

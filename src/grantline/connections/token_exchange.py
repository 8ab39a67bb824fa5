"""A connection's token traded for another (RFC 8693): narrower, or meant for another service."""

from __future__ import annotations

from functools import partial

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.masking import masking
from grantline.connections.renewal.next_tokens import read_answer
from grantline.connections.renewal.tokens import Tokens
from grantline.connections.transcript import Step
from grantline.errors import RequestError
from grantline.oauth.answers.failure import failure_from_transport
from grantline.oauth.flow import adrive
from grantline.oauth.grant import GrantType
from grantline.oauth.grants.token_exchange import Exchange, token_exchange_flow
from grantline.secret import Secret


async def traded(
    context: Context,
    tokens: Tokens,
    actor: Actor,
    connection_id: str,
    *,
    audiences: tuple[str, ...],
    scopes: tuple[str, ...],
) -> Secret:
    """The access token that the service gives for one of the connection's; it is kept nowhere.

    Raises:
        GrantlineError: The connection has no token that works, or the service gives no other.
    """
    holding = await tokens.usable(actor, connection_id)
    subject = holding.granted.access_token
    grant, asked_at = GrantType.TOKEN_EXCHANGE, context.clock.now()
    flow = token_exchange_flow(
        settings=holding.settings,
        secrets=holding.secrets,
        exchange=Exchange(subject_token=subject, audiences=audiences, scopes=scopes),
        moment=context.moment(),
        dpop=holding.dpop,
    )
    with masking(holding, subject):
        try:
            answer = await adrive(flow, partial(exchange, context, holding, Step.TOKEN_EXCHANGE))
        except RequestError as error:
            raise failure_from_transport(error, grant=grant).as_error() from error
        return read_answer(holding, answer, grant=grant, asked_at=asked_at).access_token

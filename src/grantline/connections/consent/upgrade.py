"""The second exchange after the first, where a service has one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.renewal.holding import Holding
from grantline.connections.transcript import Step
from grantline.errors import RequestError
from grantline.oauth.answers.failure import failure_from_transport
from grantline.oauth.grant import GrantType
from grantline.oauth.grants.upgrade import upgrade_request
from grantline.oauth.token_set import TokenSet, merge_refreshed
from grantline.oauth.tokens.token_response import Asked, parse_token_response


async def upgraded(
    context: Context, holding: Holding, tokens: TokenSet, asked_at: datetime
) -> TokenSet:
    """``tokens`` traded for long-lived ones; the same where the service does no such thing.

    Raises as a code exchange: a short-lived token that cannot be renewed is of no use.
    """
    if not holding.settings.upgrade.uri:
        return tokens
    holding = context.with_tokens(holding, tokens)
    request = upgrade_request(
        settings=holding.settings,
        secrets=holding.secrets,
        tokens=tokens,
        moment=context.moment(),
    )
    try:
        answer = await exchange(context, holding, Step.UPGRADE, request)
    except RequestError as error:
        raise failure_from_transport(error, grant=GrantType.UPGRADE).as_error() from error
    asked = Asked.of(holding.settings, GrantType.UPGRADE, scope=tokens.scope or ())
    # The envelope is that of token answers; a path of one of several tokens is not.
    asked = replace(asked, rules=replace(asked.rules, token_path="", secondary_path=""))
    return merge_refreshed(tokens, parse_token_response(answer, asked, now=asked_at))

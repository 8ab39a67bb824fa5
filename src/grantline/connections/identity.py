"""Whose account a connection reaches, when the service says so in a way that can be believed."""

from __future__ import annotations

import json
from typing import Final

from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.holding import Holding
from grantline.connections.transcript import Step
from grantline.errors import GrantlineError
from grantline.messages import HttpRequest
from grantline.net.transport import METADATA_LIMITS
from grantline.oauth.error_answer import printable
from grantline.oauth.id_token import IdTokenRules, validate_id_token
from grantline.oauth.token_set import TokenSet

LABEL_CLAIMS: Final = ("email", "preferred_username", "name", "sub")
LONGEST_LABEL: Final = 200  # the list of connections keeps it in an index


async def account_label(
    context: Context, holding: Holding, tokens: TokenSet, *, nonce: str = ""
) -> str:
    """What to call the account; empty when the service gave no ID token that holds.

    An ID token is used after every check of OpenID Connect Core 3.1.3.7, or not at all. Nothing
    but the label depends on it, so whatever goes wrong here only leaves the label empty.
    """
    settings = holding.settings
    if tokens.id_token is None or not settings.jwks_uri or not settings.issuer:
        return ""
    try:
        answer = await exchange(
            context,
            holding,
            Step.KEYS,
            HttpRequest("GET", settings.jwks_uri, (("Accept", "application/json"),)),
            limits=METADATA_LIMITS,
        )
        identity = validate_id_token(
            tokens.id_token,
            rules=IdTokenRules(
                issuer=settings.issuer,
                client_id=settings.client_id,
                jwks=json.loads(answer.body),
            ),
            now=context.clock.now(),
            nonce=nonce,
            access_token=tokens.access_token,
        )
    except (GrantlineError, ValueError, RecursionError):
        return ""
    found = (identity.claims.get(name) for name in LABEL_CLAIMS)
    label = next((label for label in found if isinstance(label, str) and label), "")
    return printable(label)[:LONGEST_LABEL]

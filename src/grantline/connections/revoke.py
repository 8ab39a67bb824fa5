"""Taking grants back at the service (RFC 7009): by default when a connection is deleted."""

from __future__ import annotations

from dataclasses import dataclass

from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.renewal.holding import Holding
from grantline.connections.transcript import Step
from grantline.errors import GrantlineError
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.revocation import (
    parse_revocation_response,
    revocation_request,
    tokens_to_revoke,
)


@dataclass(frozen=True, slots=True)
class Revocation:
    """What became of a grant at the service.

    Attributes:
        revoked: Whether the service confirmed it, or had forgotten the tokens already.
        note: One sentence for people.
    """

    revoked: bool
    note: str


UNREADABLE = Revocation(
    revoked=False,
    note="The tokens could not be read: remove the access in the service's own settings.",
)
STILL_IN_USE = Revocation(
    revoked=False,
    note="Nothing was revoked: this database may be a copy, and its original still uses the grant.",
)
NOTHING_TO_REVOKE = Revocation(revoked=True, note="There were no tokens to revoke.")


async def revoke_tokens(context: Context, holding: Holding, tokens: TokenSet | None) -> Revocation:
    """Revokes ``tokens`` at the service, the refresh token first (RFC 7009 section 2.1).

    Never raises: what happens locally does not wait for a service that is down or refuses.
    """
    if tokens is None:
        return NOTHING_TO_REVOKE
    if not holding.settings.revocation_uri:
        return Revocation(
            revoked=False,
            note="The app has no revocation URI: remove the access in the service's own settings.",
        )
    if await context.quarantined() is not None:
        return STILL_IN_USE
    try:
        for kind, token in tokens_to_revoke(tokens, holding.settings.revocation.token):
            request = revocation_request(
                settings=holding.settings,
                secrets=holding.secrets,
                token=token,
                kind=kind,
                moment=context.moment(),
            )
            answer = await exchange(context, holding, Step.REVOKE, request)
            parse_revocation_response(answer, now=context.clock.now())
    except GrantlineError as error:
        return Revocation(
            revoked=False,
            note=f"The service did not confirm the revocation: {error.message}",
        )
    return Revocation(revoked=True, note="The service revoked the tokens.")

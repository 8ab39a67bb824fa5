"""Putting the access token on a request (RFC 6750 section 2, RFC 9449 section 7.1)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import HttpRequest
from grantline.oauth.dpop import DPOP_KEY, Dpop, dpop_proof
from grantline.oauth.moment import Moment
from grantline.oauth.parameters import append_query, query_parameters
from grantline.oauth.settings import DEFAULT_TOKEN_NAME, AppSettings, TokenPlacement
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret

TOKEN_NAME: Final = "Token name"
TOKEN_PLACEMENT: Final = "Access token placement"

_SCHEME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]*")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def place_token(
    request: HttpRequest,
    *,
    settings: AppSettings,
    tokens: TokenSet,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """``request`` with the access token where the service expects it.

    A request that carries a credential of its own in the same place is refused: silently
    replacing it, or sending both, would use an identity that nobody chose.

    Raises:
        EgressBlocked: ``credential_conflict``: the request has an Authorization header, or a
            query parameter of the token's name.
        InvalidInput: A bound token without its key, or outside the header.
    """
    if tokens.token_type.lower() == "dpop":
        return _bound(request, settings, tokens.access_token, moment, dpop)
    token = _value(tokens.access_token)
    placed = request
    if settings.token_placement is not TokenPlacement.QUERY:
        placed = _with_authorization(placed, settings.token_name, token)
    if settings.token_placement is not TokenPlacement.HEADER:
        placed = _with_query(placed, settings.query_name, token)
    return placed


def _bound(
    request: HttpRequest,
    settings: AppSettings,
    token: Secret,
    moment: Moment,
    dpop: Dpop | None,
) -> HttpRequest:
    if dpop is None:
        raise InvalidInput(
            "The access token is bound to a DPoP key, and the key is not here.",
            field=DPOP_KEY,
            hint="Authorize the connection again.",
        )
    if settings.token_placement is not TokenPlacement.HEADER:
        raise InvalidInput(
            "A DPoP-bound token travels in the header only (RFC 9449 section 7.1).",
            field=TOKEN_PLACEMENT,
            hint="Set the placement to header.",
        )
    if request.header("DPoP") is not None:
        raise _conflict("a DPoP header", "DPoP")
    placed = _with_authorization(request, "DPoP", _value(token))
    proof = dpop_proof(
        dpop, method=request.method, url=request.url, moment=moment, access_token=token
    )
    return replace(placed, headers=(*placed.headers, ("DPoP", proof)))


def _with_authorization(request: HttpRequest, scheme: str, token: str) -> HttpRequest:
    if request.header("Authorization") is not None:
        raise _conflict("an Authorization header", "Authorization")
    if not _SCHEME.fullmatch(scheme):
        raise InvalidInput(
            "Token name is not one word that a header can carry.",
            field=TOKEN_NAME,
            hint=f"The usual one is {DEFAULT_TOKEN_NAME}.",
        )
    value = f"{scheme} {token}" if scheme else token
    return replace(request, headers=(*request.headers, ("Authorization", value)))


def _with_query(request: HttpRequest, name: str, token: str) -> HttpRequest:
    wanted = name.casefold()
    if any(key.casefold() == wanted for key, _ in query_parameters(request.url)):
        raise _conflict(f"a query parameter “{name}”", name)
    url, hash_mark, fragment = request.url.partition("#")
    return replace(request, url=f"{append_query(url, ((name, token),))}{hash_mark}{fragment}")


def _value(token: Secret) -> str:
    value = token.reveal()
    if not _TOKEN.fullmatch(value):
        # RFC 6750 section 2.1; a line break here would be a header of the server's choosing.
        raise InvalidInput(
            "The stored access token has characters that no request can carry.",
            field="Access token",
            hint="Authorize the connection again.",
        )
    return value


def _conflict(what: str, name: str) -> EgressBlocked:
    return EgressBlocked(
        f"The request brings {what} of its own, where the connection's token goes.",
        rule="credential_conflict",
        address=name,
        hint="Remove it from the request, or make the request without a connection.",
    )

"""Putting the access token on a request (RFC 6750 section 2, RFC 9449 section 7.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
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

_OWN_HEADERS: Final = frozenset({"authorization", "dpop"})
_SCHEME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]*")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """An access token in the form in which requests carry it: made once, placed often.

    Attributes:
        authorization: The value of the Authorization header, or None.
        query: The query parameter, or None.
        bound: The token, when every request needs a proof of possession beside it (RFC 9449).
    """

    authorization: str | None
    query: tuple[str, str] | None = None
    bound: Secret | None = None


def credential_of(settings: AppSettings, tokens: TokenSet) -> Credential:
    """The credential that the app's settings make of ``tokens``.

    Raises:
        InvalidInput: The token or its name cannot be sent, or a bound token is to leave the header.
    """
    token = _value(tokens.access_token)
    in_header = settings.token_placement is not TokenPlacement.QUERY
    in_query = settings.token_placement is not TokenPlacement.HEADER
    if tokens.token_type.lower() == "dpop":
        if in_query:
            raise InvalidInput(
                "A DPoP-bound token travels in the header only (RFC 9449 section 7.1).",
                field=TOKEN_PLACEMENT,
                hint="Set the placement to header.",
            )
        return Credential(f"DPoP {token}", bound=tokens.access_token)
    if in_header and not _SCHEME.fullmatch(settings.token_name):
        raise InvalidInput(
            "Token name is not one word that a header can carry.",
            field=TOKEN_NAME,
            hint=f"The usual one is {DEFAULT_TOKEN_NAME}.",
        )
    return Credential(
        f"{settings.token_name} {token}".lstrip() if in_header else None,
        (settings.query_name, token) if in_query else None,
    )


def place(request: HttpRequest, credential: Credential, *, proof: str | None = None) -> HttpRequest:
    """``request`` with ``credential``, and for a bound one the ``proof`` beside it.

    A request that carries a credential of its own in the same place is refused: silently
    replacing it, or sending both, would use an identity that nobody chose.

    Raises:
        EgressBlocked: ``credential_conflict``: the request has an Authorization or DPoP header,
            or a query parameter of the token's name.
    """
    headers, url = request.headers, request.url
    for name, _ in headers:
        if name.lower() in _OWN_HEADERS:
            raise _conflict(f"a header {name}", name)
    if credential.authorization is not None:
        headers = (*headers, ("Authorization", credential.authorization))
    if proof is not None:
        headers = (*headers, ("DPoP", proof))
    if credential.query is not None:
        wanted = credential.query[0].casefold()
        if any(key.casefold() == wanted for key, _ in query_parameters(url)):
            raise _conflict(f"a query parameter “{credential.query[0]}”", credential.query[0])
        url, hash_mark, fragment = url.partition("#")
        url = f"{append_query(url, (credential.query,))}{hash_mark}{fragment}"
    return HttpRequest(request.method, url, headers, request.body, request.route)


def place_token(
    request: HttpRequest,
    *,
    settings: AppSettings,
    tokens: TokenSet,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """``request`` with the access token where the service expects it; raises as its two parts.

    Raises:
        InvalidInput: Also when a bound token comes without its key.
    """
    credential = credential_of(settings, tokens)
    if credential.bound is None:
        return place(request, credential)
    if dpop is None:
        raise InvalidInput(
            "The access token is bound to a DPoP key, and the key is not here.",
            field=DPOP_KEY,
            hint="Authorize the connection again.",
        )
    proof = dpop_proof(
        dpop,
        method=request.method,
        url=request.url,
        moment=moment,
        access_token=credential.bound,
    )
    return place(request, credential, proof=proof)


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

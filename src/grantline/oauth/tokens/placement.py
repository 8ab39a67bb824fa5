"""Putting the access token on a request (RFC 6750 section 2, RFC 9449 section 7.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import Headers, HttpRequest
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import (
    DEFAULT_HEADER_NAME,
    DEFAULT_TOKEN_NAME,
    AppSettings,
    TokenPlacement,
)
from grantline.oauth.app.template import finish_pairs
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import DPOP_KEY, Dpop, dpop_proof
from grantline.oauth.requests.headers import check_headers
from grantline.oauth.requests.parameters import append_query, query_parameters
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.version import USER_AGENT

TOKEN_NAME: Final = "Token name"
TOKEN_PLACEMENT: Final = "Access token placement"
API_HEADERS: Final = "API headers"
API_PARAMETERS: Final = "API parameters"

_USUAL: Final = {"accept": "*/*", "user-agent": USER_AGENT}
_OWN_HEADERS: Final = frozenset({"authorization", "dpop"})
_SCHEME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]*")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """An access token in the form in which requests carry it: made once, placed often.

    Attributes:
        header: The header that carries it, name and value, or None.
        query: The query parameter, or None.
        bound: The token, when every request needs a proof of possession beside it (RFC 9449).
        beside: Headers that go along where the request does not have them itself.
        beside_query: Query parameters that do.
    """

    header: tuple[str, str] | None
    query: tuple[str, str] | None = None
    bound: Secret | None = None
    beside: Headers = ()
    beside_query: Pairs = ()


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
        header = (DEFAULT_HEADER_NAME, f"DPoP {token}")
        return Credential(header, None, tokens.access_token, *_beside(settings))
    if in_header and not _SCHEME.fullmatch(settings.token_name):
        raise InvalidInput(
            "Token name is not one word that a header can carry.",
            field=TOKEN_NAME,
            hint=f"The usual one is {DEFAULT_TOKEN_NAME}.",
        )
    if in_header:
        check_headers(((settings.header_name, ""),))
    value = f"{settings.token_name} {token}".lstrip()
    return Credential(
        (settings.header_name, value) if in_header else None,
        (settings.query_name, token) if in_query else None,
        None,
        *_beside(settings),
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
    own = _own_headers(credential.header[0]) if credential.header else _OWN_HEADERS
    for name, _ in headers:
        if name.lower() in own:
            raise _conflict(f"a header {name}", name)
    if credential.header is not None:
        headers = (*headers, credential.header)
    if proof is not None:
        headers = (*headers, ("DPoP", proof))
    if credential.beside:
        headers = _with_beside(headers, credential.beside)
    if credential.query is not None or credential.beside_query:
        url = _with_query(url, credential)
    # Every request passes here, and ``replace`` would cost more than all the rest of this.
    return HttpRequest(request.method, url, headers, request.body, request.route)


@lru_cache(maxsize=256)
def _own_headers(name: str) -> frozenset[str]:
    """The headers, in lower case, that only a connection whose token is in ``name`` may set."""
    return _OWN_HEADERS | {name.lower()}


def _with_beside(headers: Headers, beside: Headers) -> Headers:
    """``headers`` with those of ``beside`` that nobody has set; what is usual gives way."""
    names = {name.lower() for name, _ in beside}
    own = tuple(
        (name, value)
        for name, value in headers
        if name.lower() not in names or value != _USUAL.get(name.lower())
    )
    taken = {name.lower() for name, _ in own}
    return own + tuple(each for each in beside if each[0].lower() not in taken)


def _with_query(url: str, credential: Credential) -> str:
    there = {key.casefold() for key, _ in query_parameters(url)}
    if credential.query is not None and credential.query[0].casefold() in there:
        name = credential.query[0]
        raise _conflict(f"a query parameter “{name}”", name)
    added = tuple(each for each in credential.beside_query if each[0].casefold() not in there)
    if credential.query is not None:
        added = (*added, credential.query)
    url, hash_mark, fragment = url.partition("#")
    return f"{append_query(url, added)}{hash_mark}{fragment}"


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


def _beside(settings: AppSettings) -> tuple[Headers, Pairs]:
    headers = finish_pairs(settings.api_headers, {}, field=API_HEADERS)
    check_headers(headers)
    return headers, finish_pairs(settings.api_parameters, {}, field=API_PARAMETERS)


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

"""What the service demands of a request, and its complaints about what came instead."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import unquote_plus

from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    Pairs,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.oauth.app.settings import AppSettings, Pkce, TokenPlacement
from grantline.testing.simulated_service.requests import Received

_NAME: Final = re.compile(r"\{[A-Za-z_][A-Za-z0-9_.-]*\}")
_BY_PAIR: Final[Mapping[ClientAuthentication, Callable[[str, str], tuple[str, str]]]] = {
    ClientAuthentication.CLIENT_SECRET_BASIC: lambda name, secret: (name, secret),
    ClientAuthentication.CLIENT_SECRET_BASIC_RAW: lambda name, secret: (name, secret),
    ClientAuthentication.CLIENT_SECRET_BASIC_USER: lambda _, secret: (secret, ""),
}
_BY_ASSERTION: Final = frozenset(
    {ClientAuthentication.CLIENT_SECRET_JWT, ClientAuthentication.PRIVATE_KEY_JWT}
)


def own_name(settings: AppSettings, purpose: str, name: str) -> str:
    """What the service calls a parameter of the RFC; empty when it does not want it."""
    mapped = dict(settings.parameter_names)
    return mapped.get(f"{purpose}.{name}", mapped.get(name, name))


def wanted(settings: AppSettings, purpose: str, parameters: Mapping[str, str]) -> Mapping[str, str]:
    """``parameters`` under the service's own names, without those that it does not want."""
    renamed = ((own_name(settings, purpose, name), value) for name, value in parameters.items())
    return {name: value for name, value in renamed if name}


def differences(given: Mapping[str, str], expected: Mapping[str, str]) -> Iterator[str]:
    """What ``given`` has wrong; a name in braces stands for any value but itself."""
    for name, value in expected.items():
        if name not in given:
            yield f"{name} is missing"
        elif _NAME.search(value):
            if not given[name] or _NAME.search(given[name]):
                yield f"{name} has no value"
        elif given[name] != value.replace("{{", "{").replace("}}", "}"):
            yield f"{name} has another value"


def way(
    request: Received, method: RequestMethod | None, format_: TokenRequestFormat
) -> Iterator[str]:
    """Complaints about the method, and about where the parameters are."""
    in_query = format_ is TokenRequestFormat.QUERY
    expected = method or (RequestMethod.GET if in_query else RequestMethod.POST)
    if request.method != expected:
        yield f"the method is {request.method}, not {expected}"
    if in_query or expected is RequestMethod.GET:
        if request.body:
            yield "the parameters are in the body"
    elif request.body and request.format != format_:
        yield f"the body is {request.format}, not {format_}"


def headers(request: Received, pairs: Pairs) -> Iterator[str]:
    """Complaints about headers that the service demands."""
    expected = {name.lower(): value for name, value in pairs}
    yield from (f"header {each}" for each in differences(request.headers, expected))


def authentication(
    request: Received,
    settings: AppSettings,
    method: ClientAuthentication,
    secret: str,
    *,
    purpose: str = "token",
) -> Iterator[str]:
    """Complaints about how the client proves itself: one way, and no other."""
    secret_name = own_name(settings, purpose, "client_secret")
    if method in _BY_PAIR:
        pair = ":".join(request.basic or ())
        if method is ClientAuthentication.CLIENT_SECRET_BASIC:
            pair = unquote_plus(pair)
        if pair != ":".join(_BY_PAIR[method](settings.client_id, secret)):
            yield "the Basic header is not the client's"
        if secret_name and secret_name in request.parameters:
            yield "the secret is in the parameters as well"
    else:
        id_name = own_name(settings, purpose, "client_id")
        yield from _by_parameters(request, settings, method, secret, (id_name, secret_name))


def _by_parameters(
    request: Received,
    settings: AppSettings,
    method: ClientAuthentication,
    secret: str,
    names: tuple[str, str],
) -> Iterator[str]:
    given = request.parameters
    id_name, secret_name = names
    if request.basic and "authorization" not in dict(settings.custom_headers):
        yield "there is a Basic header"
    if id_name and given.get(id_name) != settings.client_id:
        yield f"{id_name} is not the client's"
    if method in _BY_ASSERTION and given.get("client_assertion", "").count(".") != 2:
        yield "there is no client assertion"
    by_secret = method is ClientAuthentication.CLIENT_SECRET_POST
    if secret_name and by_secret and given.get(secret_name) != secret:
        yield f"{secret_name} is not the client's"
    if secret_name and not by_secret and secret_name in given:
        yield "a secret is sent in the clear"


def challenge(given: Mapping[str, str], settings: AppSettings) -> Iterator[str]:
    """Complaints about the code challenge of an authorization request (RFC 7636)."""
    has_one = "code_challenge" in given
    if settings.pkce is Pkce.OFF:
        if has_one:
            yield "there is a code challenge"
    elif not has_one or given.get("code_challenge_method") != settings.pkce:
        yield f"there is no {settings.pkce} code challenge"


def verifier(given: Mapping[str, str], asked: Mapping[str, str]) -> Iterator[str]:
    """Complaints about the code verifier of a token request."""
    sent = given.get("code_verifier", "")
    if "code_challenge" not in asked:
        if sent:
            yield "there is a code verifier"
        return
    digest = base64.urlsafe_b64encode(hashlib.sha256(sent.encode()).digest()).rstrip(b"=").decode()
    if asked["code_challenge"] not in {digest, sent} or not sent:
        yield "the code verifier does not fit"


def placement(request: Received, settings: AppSettings, tokens: frozenset[str]) -> Iterator[str]:
    """Complaints about where the access token is, and about what has to go beside it."""
    name = settings.header_name.lower()
    in_header = settings.token_placement is not TokenPlacement.QUERY
    in_query = settings.token_placement is not TokenPlacement.HEADER
    value = request.headers.get(name, "")
    word = "DPoP" if settings.use_dpop else settings.token_name
    token = value.removeprefix(f"{word} ") if word else value
    if in_header and (token not in tokens or (word and not value.startswith(f"{word} "))):
        yield f"the header {name} has no token"
    if name != "authorization" and "authorization" in request.headers:
        yield "there is an Authorization header as well"
    if not in_header and value:
        yield f"there is a header {name}"
    if in_query and request.query.get(settings.query_name) not in tokens:
        yield f"the query has no token as {settings.query_name}"
    if not in_query and any(each in tokens for each in request.query.values()):
        yield "the token is in the query"
    yield from headers(request, settings.api_headers)
    yield from differences(request.query, dict(settings.api_parameters))

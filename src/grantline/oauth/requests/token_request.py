"""The request to a token endpoint (RFC 6749 section 3.2): one way to build it, for every grant.

A room such as ``refresh`` says what its grant adds, as a ``Grant``; client authentication, custom
headers, encoding and proof of possession are the same for all and happen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from grantline.messages import DIRECT, Headers, HttpRequest, HttpResponse, Route
from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    Pairs,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.app.template import finish_pairs
from grantline.oauth.flow import Flow
from grantline.oauth.moment import Moment
from grantline.oauth.requests.client_auth import BY_HEADER, ClientProof, client_proof
from grantline.oauth.requests.dpop import Dpop, asks_for_nonce, with_proof
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.oauth.requests.headers import CUSTOM_HEADERS, with_custom_headers
from grantline.oauth.requests.parameters import (
    OWNED_IN_TOKEN_REQUEST,
    TOKEN_PARAMETERS,
    Purpose,
    append_query,
    encode_form,
    encode_json,
    encode_multipart,
    left_out,
    merge_parameters,
    query_parameters,
    rename_parameters,
)
from grantline.oauth.requests.resource import resource_parameters
from grantline.version import USER_AGENT

TOKEN_URI: Final = "Token URI"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
JSON_TYPE: Final = "application/json"
MULTIPART_TYPE: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Grant:
    """What one grant adds to a token request.

    Attributes:
        parameters: The grant's own, with ``grant_type``; secrets revealed, so never printed.
        endpoint: Where it goes.
        endpoint_field: The form's label of that endpoint.
        authentication: Client authentication; None means the app's.
        extra: Parameters that people added.
        extra_field: The form's label of those.
        owned: Names that people may not add.
        headers: Headers for this request alone, besides the app's.
        values: What names in braces stand for in ``extra`` and in headers, besides the moment
            and the client's secret.
        purpose: Whose names for parameters count.
        method: HTTP method; None means GET for the query format, else POST.
        format: How the parameters travel.
        is_bare: Nothing but ``extra`` is sent; the client proves itself by a header, or not.
    """

    parameters: Pairs = ()
    endpoint: str
    endpoint_field: str = TOKEN_URI
    authentication: ClientAuthentication | None = None
    extra: Pairs = ()
    extra_field: str = TOKEN_PARAMETERS
    owned: frozenset[str] = OWNED_IN_TOKEN_REQUEST
    headers: Headers = ()
    values: Mapping[str, str] = field(default_factory=dict)
    purpose: Purpose = Purpose.TOKEN
    method: RequestMethod | None = None
    format: TokenRequestFormat = TokenRequestFormat.FORM
    is_bare: bool = False


def token_grant(settings: AppSettings, parameters: Pairs, **values: str) -> Grant:
    """A grant at the token endpoint, made as the app's access token requests are."""
    return Grant(
        parameters=parameters,
        endpoint=settings.token_uri,
        extra=settings.token_parameters,
        headers=settings.token_headers,
        values=values,
        method=settings.token_request_method,
        format=settings.token_request_format,
    )


def scope_parameters(settings: AppSettings, scopes: tuple[str, ...]) -> Pairs:
    """``scope`` as the service wants it joined; nothing when there are none to ask for."""
    return (("scope", settings.scope_separator.join(scopes)),) if scopes else ()


def token_request(
    grant: Grant,
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The token request for ``grant``, for the resources of the app (RFC 8707 section 2.2).

    Raises:
        InvalidInput: A setting is missing or contradicts another; names the form's field.
    """
    if not grant.is_bare:
        own = grant.parameters + resource_parameters(settings.resources)
        grant = replace(grant, parameters=own)
    request = authenticated_request(grant, settings=settings, secrets=secrets, moment=moment)
    return request if dpop is None else with_proof(request, dpop=dpop, moment=moment)


def token_flow(
    grant: Grant,
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to ``grant``, unread: a caller that must not lose it saves it before judging it.

    With ``dpop``, a server that only wants its nonce in the proof is asked once more (RFC 9449
    section 8); it has not looked at the grant yet, so this does not spend a code twice.
    """
    request = token_request(grant, settings=settings, secrets=secrets, moment=moment, dpop=dpop)
    response = yield request
    if dpop is not None and asks_for_nonce(response):
        response = yield token_request(
            grant,
            settings=settings,
            secrets=secrets,
            moment=moment.again(),
            dpop=dpop.learned(response, request=request),
        )
    return response


def authenticated_request(
    grant: Grant, *, settings: AppSettings, secrets: ClientSecrets, moment: Moment
) -> HttpRequest:
    """A request with client authentication to any back-channel endpoint: token, PAR, revocation.

    Raises:
        InvalidInput: As ``token_request``.
    """
    endpoint = str(endpoint_url(grant.endpoint, field=grant.endpoint_field))
    secret = secrets.client_secret
    values = {**moment.values, "client_secret": secret.reveal() if secret else "", **grant.values}
    headers = finish_pairs(settings.custom_headers + grant.headers, values, field=CUSTOM_HEADERS)
    extra = finish_pairs(grant.extra, values, field=grant.extra_field)
    authentication = grant.authentication or settings.client_authentication
    if grant.is_bare and authentication not in BY_HEADER:
        proof = ClientProof(certificate=secrets.certificate)
    else:
        proof = client_proof(
            method=authentication,
            settings=settings,
            secrets=secrets,
            endpoint=grant.endpoint,
            moment=moment,
            headers=headers,
        )
    # A pushed authorization request has a client_id before its client is authenticated.
    own = grant.parameters + tuple(p for p in proof.parameters if p not in grant.parameters)
    names = settings.parameter_names
    # Who leaves one of ours out may send his own in its place.
    owned = grant.owned - left_out(names, grant.purpose)
    parameters = merge_parameters(
        rename_parameters(own, names, grant.purpose), extra, owned=owned, field=grant.extra_field
    )
    merge_parameters(
        parameters, query_parameters(endpoint), owned=owned, field=grant.endpoint_field
    )
    method, url, typed, body = _encoded(endpoint, parameters, grant, moment)
    own = (("Accept", "application/json"), ("User-Agent", USER_AGENT), *proof.headers, *typed)
    route = Route(client_certificate=proof.certificate) if proof.certificate else DIRECT
    return HttpRequest(method, url, with_custom_headers(own, headers), body, route)


def _encoded(
    endpoint: str, parameters: Pairs, grant: Grant, moment: Moment
) -> tuple[str, str, Headers, bytes]:
    """Method, URL, Content-Type and body of a request with ``parameters``."""
    in_query = grant.format is TokenRequestFormat.QUERY
    method = grant.method or (RequestMethod.GET if in_query else RequestMethod.POST)
    if in_query or method is RequestMethod.GET:
        return method, append_query(endpoint, parameters), (), b""
    media_type = FORM_TYPE
    match grant.format:
        case TokenRequestFormat.JSON:
            media_type, body = JSON_TYPE, encode_json(parameters)
        case TokenRequestFormat.MULTIPART:
            boundary = moment.identifier("boundary")
            media_type = f"{MULTIPART_TYPE}; boundary={boundary}"
            body = encode_multipart(parameters, boundary)
        case _:
            body = encode_form(parameters).encode("ascii")
    return method, endpoint, (("Content-Type", media_type),), body

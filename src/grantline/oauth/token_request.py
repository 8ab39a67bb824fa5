"""The request to a token endpoint (RFC 6749 section 3.2): one way to build it, for every grant.

A room such as ``refresh`` says what its grant adds, as a ``Grant``; client authentication, custom
headers, encoding and proof of possession are the same for all and happen here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from grantline.messages import DIRECT, Headers, HttpRequest, HttpResponse, Route
from grantline.oauth.client_auth import ClientProof, client_proof
from grantline.oauth.dpop import Dpop, asks_for_nonce, with_proof
from grantline.oauth.endpoint import endpoint_url
from grantline.oauth.flow import Flow
from grantline.oauth.headers import with_custom_headers
from grantline.oauth.moment import Moment
from grantline.oauth.parameters import (
    OWNED_IN_TOKEN_REQUEST,
    TOKEN_PARAMETERS,
    append_query,
    encode_form,
    encode_json,
    merge_parameters,
    query_parameters,
    rename_parameters,
)
from grantline.oauth.request_choices import ClientAuthentication, Pairs, TokenRequestFormat
from grantline.oauth.resource import resource_parameters
from grantline.oauth.settings import AppSettings, ClientSecrets
from grantline.version import USER_AGENT

TOKEN_URI: Final = "Token URI"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
JSON_TYPE: Final = "application/json"


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
    """

    parameters: Pairs
    endpoint: str
    endpoint_field: str = TOKEN_URI
    authentication: ClientAuthentication | None = None
    extra: Pairs = ()
    extra_field: str = TOKEN_PARAMETERS
    owned: frozenset[str] = OWNED_IN_TOKEN_REQUEST


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
    request = authenticated_request(
        replace(grant, parameters=grant.parameters + resource_parameters(settings.resources)),
        settings=settings,
        secrets=secrets,
        moment=moment,
        format_=settings.token_request_format,
    )
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
    grant: Grant,
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    moment: Moment,
    format_: TokenRequestFormat = TokenRequestFormat.FORM,
) -> HttpRequest:
    """A request with client authentication to any back-channel endpoint: token, PAR, revocation.

    Raises:
        InvalidInput: As ``token_request``.
    """
    endpoint = str(endpoint_url(grant.endpoint, field=grant.endpoint_field))
    proof = client_proof(
        method=grant.authentication or settings.client_authentication,
        settings=settings,
        secrets=secrets,
        endpoint=grant.endpoint,
        moment=moment,
    )
    # A pushed authorization request has a client_id before its client is authenticated.
    own = grant.parameters + tuple(p for p in proof.parameters if p not in grant.parameters)
    parameters = merge_parameters(own, grant.extra, owned=grant.owned, field=grant.extra_field)
    merge_parameters(
        parameters,
        query_parameters(endpoint),
        owned=grant.owned,
        field=grant.endpoint_field,
    )
    parameters = rename_parameters(parameters, settings.parameter_names)
    return _encoded(endpoint, parameters, format_, proof, settings.custom_headers)


def _encoded(
    endpoint: str,
    parameters: Pairs,
    format_: TokenRequestFormat,
    proof: ClientProof,
    custom_headers: Headers,
) -> HttpRequest:
    own: Headers = (("Accept", "application/json"), ("User-Agent", USER_AGENT), *proof.headers)
    method, url, body = "POST", endpoint, b""
    match format_:
        case TokenRequestFormat.FORM:
            own = (*own, ("Content-Type", FORM_TYPE))
            body = encode_form(parameters).encode("ascii")
        case TokenRequestFormat.JSON:
            own = (*own, ("Content-Type", JSON_TYPE))
            body = encode_json(parameters)
        case TokenRequestFormat.QUERY:
            method, url = "GET", append_query(endpoint, parameters)
    headers = with_custom_headers(own, custom_headers)
    route = Route(client_certificate=proof.certificate) if proof.certificate else DIRECT
    return HttpRequest(method, url, headers, body, route)

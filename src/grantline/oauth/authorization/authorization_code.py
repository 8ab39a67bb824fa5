"""The authorization code grant (RFC 6749 section 4.1), and where implicit begins the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from grantline.errors import InvalidInput
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.request_choices import Pairs
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType, Pkce
from grantline.oauth.app.template import finish_pairs
from grantline.oauth.authorization.pkce import challenge_parameters
from grantline.oauth.flow import Flow
from grantline.oauth.grant import GrantType
from grantline.oauth.moment import Moment
from grantline.oauth.requests.dpop import Dpop
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.oauth.requests.parameters import (
    AUTHORIZE_PARAMETERS,
    OWNED_IN_AUTHORIZATION,
    Purpose,
    append_query,
    left_out,
    merge_parameters,
    query_parameters,
    rename_parameters,
)
from grantline.oauth.requests.resource import resource_parameters
from grantline.oauth.requests.token_request import (
    Grant,
    scope_parameters,
    token_flow,
    token_grant,
    token_request,
)
from grantline.secret import Secret

AUTHORIZE_URI: Final = "Authorize URI"

_RESPONSE_TYPES: Final = {FlowType.AUTHORIZATION_CODE: "code", FlowType.IMPLICIT: "token"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """One journey of one person to the authorization server and back.

    Attributes:
        redirect_uri: Where the server sends the browser; the code exchange repeats it byte for
            byte (RFC 6749 section 4.1.3).
        state: Ties the callback to this journey (section 10.12).
        scopes: What to ask for.
        verifier: The code verifier (RFC 7636); None only when the app switched PKCE off.
        nonce: Ties an ID token to this journey; sent when ``openid`` is among the scopes.
        flow: Authorization code, or implicit for services that have nothing else.
        dpop_thumbprint: Binds the code to the connection's key (RFC 9449 section 10).
        values: What names in braces stand for in the Authorize parameters.
    """

    redirect_uri: str
    state: Secret
    scopes: tuple[str, ...] = ()
    verifier: Secret | None = None
    nonce: str = ""
    flow: FlowType = FlowType.AUTHORIZATION_CODE
    dpop_thumbprint: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


def authorization_url(*, settings: AppSettings, request: AuthorizationRequest) -> str:
    """The URL to open in the browser (RFC 6749 sections 4.1.1, 4.2.1).

    The query that the Authorize URI has already stays as it is.

    Raises:
        InvalidInput: The URI, a parameter or a resource cannot be used; names the form's field.
    """
    endpoint = _authorize_endpoint(settings)
    parameters = authorization_parameters(settings=settings, request=request)
    # What the URI brings counts as an extra parameter: refused where it is ours, never doubled.
    merge_parameters(
        parameters,
        query_parameters(endpoint),
        owned=_owned(settings),
        field=AUTHORIZE_URI,
    )
    names = settings.parameter_names
    return append_query(endpoint, rename_parameters(parameters, names, Purpose.AUTHORIZE))


def authorization_parameters(*, settings: AppSettings, request: AuthorizationRequest) -> Pairs:
    """The parameters of the authorization request, for the browser or to be pushed (RFC 9126)."""
    if not request.state:
        raise InvalidInput("An authorization request needs a state.", field="state")
    if request.flow not in _RESPONSE_TYPES:
        raise InvalidInput(f"The flow {request.flow} does not use a browser.", field="Flow type")
    own: list[tuple[str, str]] = [
        ("response_type", settings.response_type or _RESPONSE_TYPES[request.flow]),
        ("client_id", settings.client_id),
        ("redirect_uri", request.redirect_uri),
        ("state", request.state.reveal()),
    ]
    own.extend(scope_parameters(settings, request.scopes))
    if request.flow is FlowType.AUTHORIZATION_CODE:
        own.extend(_pkce_parameters(settings, request))
        if request.dpop_thumbprint:
            own.append(("dpop_jkt", request.dpop_thumbprint))
    if request.nonce and "openid" in request.scopes:
        own.append(("nonce", request.nonce))
    own.extend(resource_parameters(settings.resources))
    return merge_parameters(
        tuple(own),
        finish_pairs(settings.authorize_parameters, request.values, field=AUTHORIZE_PARAMETERS),
        owned=_owned(settings),
        field=AUTHORIZE_PARAMETERS,
    )


def code_exchange_request(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    request: AuthorizationRequest,
    code: Secret,
    moment: Moment,
    dpop: Dpop | None = None,
) -> HttpRequest:
    """The token request for ``code`` (RFC 6749 section 4.1.3); to be sent once, come what may."""
    return token_request(
        _grant(settings, request, code),
        settings=settings,
        secrets=secrets,
        moment=moment,
        dpop=dpop,
    )


def code_exchange_flow(
    *,
    settings: AppSettings,
    secrets: ClientSecrets,
    request: AuthorizationRequest,
    code: Secret,
    moment: Moment,
    dpop: Dpop | None = None,
) -> Flow[HttpResponse]:
    """The answer to the code exchange, unread."""
    return token_flow(
        _grant(settings, request, code),
        settings=settings,
        secrets=secrets,
        moment=moment,
        dpop=dpop,
    )


def _authorize_endpoint(settings: AppSettings) -> str:
    if not settings.authorize_in_fragment:
        return str(endpoint_url(settings.authorize_uri, field=AUTHORIZE_URI))
    # A page that reads the parameters itself: what the browser is sent to is still checked.
    page, hash_mark, fragment = settings.authorize_uri.partition("#")
    return f"{endpoint_url(page, field=AUTHORIZE_URI)}{hash_mark}{fragment}"


def _grant(settings: AppSettings, request: AuthorizationRequest, code: Secret) -> Grant:
    parameters: list[tuple[str, str]] = [
        ("grant_type", GrantType.AUTHORIZATION_CODE),
        ("code", code.reveal()),
        ("redirect_uri", request.redirect_uri),
    ]
    if settings.pkce is not Pkce.OFF:
        parameters.append(("code_verifier", _required_verifier(request).reveal()))
    return token_grant(settings, tuple(parameters), state=request.state.reveal())


def _pkce_parameters(settings: AppSettings, request: AuthorizationRequest) -> Pairs:
    if settings.pkce is Pkce.OFF:
        return ()
    return challenge_parameters(_required_verifier(request), settings.pkce)


def _required_verifier(request: AuthorizationRequest) -> Secret:
    if request.verifier is None:
        raise InvalidInput(
            "PKCE is on, and this authorization has no code verifier.",
            field="PKCE",
            hint="Start the authorization again.",
        )
    return request.verifier


def _owned(settings: AppSettings) -> frozenset[str]:
    """Names that nobody else sets. A challenge of one's own is for those who switched PKCE off."""
    names = {name for _, name in settings.parameter_names} | OWNED_IN_AUTHORIZATION
    names -= left_out(settings.parameter_names, Purpose.AUTHORIZE) | {""}
    if settings.pkce is not Pkce.OFF:
        names |= {"code_challenge", "code_challenge_method"}
    return frozenset(names)

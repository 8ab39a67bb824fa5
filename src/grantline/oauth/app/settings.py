"""What is known of a service and of our registration there: the fields of the form, as values.

``AppSettings`` holds everything about an app that may be shown; ``ClientSecrets`` holds what may
not. Names follow the form's labels (Authorize URI, Token URI, Scopes, ...) and the RFCs. Every
field has the default that an honest RFC 6749 server needs, so a plain service is four fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from grantline.messages import ClientCertificate
from grantline.oauth.app.app_rules import IdentityRules, Input, RevocationRules, UpgradeRules
from grantline.oauth.app.assertion_settings import AssertionSettings
from grantline.oauth.app.request_choices import (
    ClientAuthentication,
    Pairs,
    RequestMethod,
    TokenRequestFormat,
)
from grantline.oauth.app.response_rules import ResponseRules
from grantline.secret import Secret

DEFAULT_TOKEN_NAME: Final = "Bearer"
DEFAULT_QUERY_NAME: Final = "access_token"
DEFAULT_HEADER_NAME: Final = "Authorization"

# People write keys into headers, so the values of these settings are never shown again.
HEADER_SETTINGS: Final = ("custom_headers", "token_headers", "refresh_headers", "api_headers")


class FlowType(StrEnum):
    """How a connection obtains its first token set."""

    AUTHORIZATION_CODE = "authorization-code"
    IMPLICIT = "implicit"
    CLIENT_CREDENTIALS = "client-credentials"
    PASSWORD = "password"
    DEVICE = "device"
    JWT_BEARER = "jwt-bearer"
    LOGIN = "login"

    @property
    def is_legacy(self) -> bool:
        """Whether RFC 9700 advises against it: offered for services that have nothing else."""
        return self in {FlowType.IMPLICIT, FlowType.PASSWORD}

    @property
    def needs_no_person(self) -> bool:
        """Whether a token can be had at any time with what is kept."""
        return self in {
            FlowType.CLIENT_CREDENTIALS,
            FlowType.PASSWORD,
            FlowType.JWT_BEARER,
            FlowType.LOGIN,
        }

    @property
    def takes_password(self) -> bool:
        """Whether a user name and password are kept for it."""
        return self in {FlowType.PASSWORD, FlowType.LOGIN}

    @property
    def needs_browser(self) -> bool:
        """Whether a person must be sent to the Authorize URI."""
        return self in {FlowType.AUTHORIZATION_CODE, FlowType.IMPLICIT}


class Pkce(StrEnum):
    """Proof Key for Code Exchange (RFC 7636). ``S256`` unless somebody chose otherwise."""

    S256 = "S256"
    PLAIN = "plain"
    OFF = "off"


NO_PKCE: Final = Pkce.OFF


class TokenPlacement(StrEnum):
    """Where the access token goes in an API request."""

    HEADER = "header"
    QUERY = "query"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """One client registration at one service, without its secrets.

    Every text may name values in braces: ``{shop}`` is an input or a captured value of the
    connection. Values of parameters and headers may also name ``{now}``; see ``oauth.template``.

    Attributes:
        client_id: Issued by the service (RFC 6749 section 2.2).
        inputs: What each connection is asked for.
        issuer: Issuer identifier (RFC 8414); empty for services without one.
        authorize_uri: Authorization endpoint.
        authorize_in_fragment: The Authorize URI ends in a fragment, and the parameters follow it.
        token_uri: Token endpoint: code exchange, and refresh unless ``refresh_uri`` is set.
        refresh_uri: Token endpoint of refreshes; empty means ``token_uri``.
        device_authorization_uri: RFC 8628 section 3.1.
        revocation_uri: RFC 7009; empty means deletion revokes nothing at the service.
        introspection_uri: RFC 7662.
        pushed_authorization_uri: RFC 9126.
        jwks_uri: Keys of the authorization server, to check ID tokens.
        redirect_uri: The exact registered URI; empty means the one Grantline derives.
        response_type: Of the authorization request; empty means the flow's own.
        scope_separator: Joins scopes on the wire: a space (RFC 6749 section 3.3) or a comma.
        authorize_parameters: Extra query parameters of the authorize redirect.
        token_parameters: Extra parameters of the access token request.
        refresh_parameters: Extra parameters of the refresh request.
        custom_headers: Extra headers of the token and refresh requests.
        token_headers: Extra headers of the access token request alone.
        refresh_headers: Extra headers of the refresh request alone.
        client_authentication: Method at the token endpoint.
        refresh_authentication: Method for refreshes; None means ``client_authentication``.
        token_request_format: How the parameters of the access token request travel.
        refresh_request_format: The same for refreshes; None means ``token_request_format``.
        token_request_method: HTTP method; None means GET for the query format, else POST.
        refresh_request_method: The same for refreshes; None means as for the token request.
        parameter_names: Parameters that the service calls otherwise: the RFC's name and its own
            (``client_id``, ``client_key``); an empty own name leaves the parameter out. A name
            such as ``token.redirect_uri`` counts in that kind of request alone: ``authorize``,
            ``token``, ``refresh`` or ``revoke``.
        pkce: RFC 7636.
        use_par: Push the authorization request (RFC 9126) before the redirect.
        use_dpop: Bind tokens to a key of the connection (RFC 9449).
        expect_iss: The server promises ``iss`` in callbacks (RFC 9207 section 3).
        resources: Resource indicators (RFC 8707), absolute URIs.
        token_placement: Header, query or both.
        header_name: Header that carries the token.
        token_name: Word in front of the token in that header; empty for none.
        query_name: Query parameter that carries the token.
        base_url: Requests with a relative URL start here.
        api_headers: Headers of every API request that does not set them itself.
        api_parameters: Query parameters of every API request that does not set them itself.
        expired_statuses: Statuses besides 401 that mean "the access token has expired".
        expired_body_matches: Texts in an answer's body that mean the same.
        renewal_margin: How long before its end a token is renewed; None means as usual.
        refresh_idle_lifetime: A refresh token that is not used for so long dies; None: never.
        rate_limit: How many requests in how long, such as ``100/60s``; ``off`` follows no limit at
            all; empty follows what the service says.
        refresh_grace: How long a refresh token still works after it was replaced, where the service
            promises that; nothing where it does not.
        assertion: For JWT bearer and private_key_jwt.
        response: Where the service puts things in its answers.
        identity: How to learn whose account it is.
        revocation: What a revocation looks like, where it is not RFC 7009.
        upgrade: A second exchange after the first.
    """

    client_id: str
    inputs: tuple[Input, ...] = ()
    issuer: str = ""
    authorize_uri: str = ""
    authorize_in_fragment: bool = False
    token_uri: str = ""
    refresh_uri: str = ""
    device_authorization_uri: str = ""
    revocation_uri: str = ""
    introspection_uri: str = ""
    pushed_authorization_uri: str = ""
    jwks_uri: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope_separator: str = " "
    authorize_parameters: Pairs = ()
    token_parameters: Pairs = ()
    refresh_parameters: Pairs = ()
    custom_headers: Pairs = ()
    token_headers: Pairs = ()
    refresh_headers: Pairs = ()
    client_authentication: ClientAuthentication = ClientAuthentication.CLIENT_SECRET_POST
    refresh_authentication: ClientAuthentication | None = None
    token_request_format: TokenRequestFormat = TokenRequestFormat.FORM
    refresh_request_format: TokenRequestFormat | None = None
    token_request_method: RequestMethod | None = None
    refresh_request_method: RequestMethod | None = None
    parameter_names: Pairs = ()
    pkce: Pkce = Pkce.S256
    use_par: bool = False
    use_dpop: bool = False
    expect_iss: bool = False
    resources: tuple[str, ...] = ()
    token_placement: TokenPlacement = TokenPlacement.HEADER
    header_name: str = DEFAULT_HEADER_NAME
    token_name: str = DEFAULT_TOKEN_NAME
    query_name: str = DEFAULT_QUERY_NAME
    base_url: str = ""
    api_headers: Pairs = ()
    api_parameters: Pairs = ()
    expired_statuses: tuple[int, ...] = ()
    expired_body_matches: tuple[str, ...] = ()
    renewal_margin: timedelta | None = None
    refresh_idle_lifetime: timedelta | None = None
    rate_limit: str = ""
    refresh_grace: timedelta = timedelta(0)
    assertion: AssertionSettings = field(default_factory=AssertionSettings)
    response: ResponseRules = field(default_factory=ResponseRules)
    identity: IdentityRules = field(default_factory=IdentityRules)
    revocation: RevocationRules = field(default_factory=RevocationRules)
    upgrade: UpgradeRules = field(default_factory=UpgradeRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecrets:
    """What proves that a request comes from the app; sealed at rest, never shown.

    Attributes:
        client_secret: For post, Basic and client_secret_jwt.
        private_key: PEM or JWK, for private_key_jwt and JWT bearer.
        certificate: For mutual TLS (RFC 8705).
        secret_expires_at: When the client secret ends; None when it does not, or nobody said.
        registration_uri: Where a registration that Grantline made can be changed (RFC 7592).
        registration_token: The token for that.
    """

    client_secret: Secret | None = None
    private_key: Secret | None = None
    certificate: ClientCertificate | None = None
    secret_expires_at: datetime | None = None
    registration_uri: str = ""
    registration_token: Secret | None = None

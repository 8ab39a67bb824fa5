"""What is known of a service and of our registration there: the fields of the form, as values.

``AppSettings`` holds everything about an app that may be shown; ``ClientSecrets`` holds what may
not. Names follow the form's labels (Authorize URI, Token URI, Scopes, ...) and the RFCs. Every
field has the default that an honest RFC 6749 server needs, so a plain service is four fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from grantline.messages import ClientCertificate
from grantline.secret import Secret

Pairs = tuple[tuple[str, str], ...]

DEFAULT_TOKEN_NAME: Final = "Bearer"
DEFAULT_QUERY_NAME: Final = "access_token"


class FlowType(StrEnum):
    """How a connection obtains its first token set."""

    AUTHORIZATION_CODE = "authorization-code"
    IMPLICIT = "implicit"
    CLIENT_CREDENTIALS = "client-credentials"
    PASSWORD = "password"
    DEVICE = "device"
    JWT_BEARER = "jwt-bearer"

    @property
    def is_legacy(self) -> bool:
        """Whether RFC 9700 advises against it: offered for services that have nothing else."""
        return self in {FlowType.IMPLICIT, FlowType.PASSWORD}

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


class ClientAuthentication(StrEnum):
    """How the client proves itself at the token endpoint (RFC 8414 registry names).

    ``CLIENT_SECRET_BASIC_RAW`` is Basic without the form-encoding of RFC 6749 section 2.3.1, for
    servers that decode only the base64.
    """

    CLIENT_SECRET_POST = "client_secret_post"
    CLIENT_SECRET_BASIC = "client_secret_basic"
    CLIENT_SECRET_BASIC_RAW = "client_secret_basic_raw"
    NONE = "none"
    CLIENT_SECRET_JWT = "client_secret_jwt"
    PRIVATE_KEY_JWT = "private_key_jwt"
    TLS_CLIENT_AUTH = "tls_client_auth"


class TokenRequestFormat(StrEnum):
    """How the parameters of a token request travel; RFC 6749 section 3.2 knows only ``form``.

    ``QUERY`` makes it a GET with everything in the URL, the secret too: only for services that
    take nothing else.
    """

    FORM = "form"
    JSON = "json"
    QUERY = "query"


class TokenPlacement(StrEnum):
    """Where the access token goes in an API request."""

    HEADER = "header"
    QUERY = "query"
    BOTH = "both"


class LifetimeUnit(StrEnum):
    """Unit of ``expires_in`` in a service's answers."""

    SECONDS = "s"
    MILLISECONDS = "ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseRules:
    """Where a service puts things in its token answers, for those that leave RFC 6749 section 5.1.

    A path is dotted (``authed_user.access_token``); an empty path means the RFC's own name.

    Attributes:
        token_path: The object that holds the token fields.
        access_token: Path of the access token, from ``token_path``.
        refresh_token: Path of the refresh token, from ``token_path``.
        expires_at: Path of an absolute expiry, from ``token_path``.
        scope: Path of the granted scope, from ``token_path``.
        lifetime_unit: Unit of ``expires_in``.
        default_lifetime: The lifetime when the answer tells none.
        secondary_path: A second token set in the same answer (Slack's user token).
        code_parameter: Name of the code in the callback.
        captured_parameters: Callback and answer fields kept on the connection.
        allowed_values: For a captured parameter that builds a URL: the exact values it may have.
        refresh_with: Which token is presented to refresh: ``refresh_token`` or ``access_token``.
    """

    token_path: str = ""
    access_token: str = ""
    refresh_token: str = ""
    expires_at: str = ""
    scope: str = ""
    lifetime_unit: LifetimeUnit = LifetimeUnit.SECONDS
    default_lifetime: timedelta | None = None
    secondary_path: str = ""
    code_parameter: str = "code"
    captured_parameters: tuple[str, ...] = ()
    allowed_values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    refresh_with: str = "refresh_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionSettings:
    """What a JWT of ours claims (RFC 7523): for JWT bearer grants and for private_key_jwt.

    Attributes:
        algorithm: JWS algorithm (RFC 7518), such as RS256, PS256, ES256, EdDSA.
        key_id: ``kid`` of the header; empty for none.
        issuer: ``iss`` of a JWT bearer assertion; empty means the client ID.
        subject: ``sub`` of a JWT bearer assertion (the user to act for); empty means the issuer.
        audience: ``aud``; empty means the authorization server's issuer, else its token URI.
        lifetime: From ``iat`` to ``exp``.
        scope_in_assertion: Whether the scopes travel as a claim (Google) or as a parameter.
    """

    algorithm: str = "RS256"
    key_id: str = ""
    issuer: str = ""
    subject: str = ""
    audience: str = ""
    lifetime: timedelta = timedelta(minutes=5)
    scope_in_assertion: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """One client registration at one service, without its secrets.

    Attributes:
        client_id: Issued by the service (RFC 6749 section 2.2).
        issuer: Issuer identifier (RFC 8414); empty for services without one.
        authorize_uri: Authorization endpoint.
        token_uri: Token endpoint: code exchange, and refresh unless ``refresh_uri`` is set.
        refresh_uri: Token endpoint of refreshes; empty means ``token_uri``.
        device_authorization_uri: RFC 8628 section 3.1.
        revocation_uri: RFC 7009; empty means deletion revokes nothing at the service.
        introspection_uri: RFC 7662.
        pushed_authorization_uri: RFC 9126.
        jwks_uri: Keys of the authorization server, to check ID tokens.
        redirect_uri: The exact registered URI; empty means the one Grantline derives.
        scope_separator: Joins scopes on the wire: a space (RFC 6749 section 3.3) or a comma.
        authorize_parameters: Extra query parameters of the authorize redirect.
        token_parameters: Extra parameters of the access token request.
        refresh_parameters: Extra parameters of the refresh request.
        custom_headers: Extra headers of the token and refresh requests.
        client_authentication: Method at the token endpoint.
        refresh_authentication: Method for refreshes; None means ``client_authentication``.
        token_request_format: Form body, JSON body or query.
        parameter_names: Parameters that the service calls otherwise: the RFC's name and its own
            (``client_id``, ``client_key``).
        pkce: RFC 7636.
        use_par: Push the authorization request (RFC 9126) before the redirect.
        use_dpop: Bind tokens to a key of the connection (RFC 9449).
        expect_iss: The server promises ``iss`` in callbacks (RFC 9207 section 3).
        resources: Resource indicators (RFC 8707), absolute URIs.
        token_placement: Header, query or both.
        token_name: Scheme word in front of the token in the Authorization header.
        query_name: Query parameter that carries the token.
        base_url: Requests with a relative URL start here.
        expired_statuses: Statuses besides 401 that mean "the access token has expired".
        expired_body_matches: Texts in an answer's body that mean the same.
        assertion: For JWT bearer and private_key_jwt.
        response: Where the service puts things in its answers.
    """

    client_id: str
    issuer: str = ""
    authorize_uri: str = ""
    token_uri: str = ""
    refresh_uri: str = ""
    device_authorization_uri: str = ""
    revocation_uri: str = ""
    introspection_uri: str = ""
    pushed_authorization_uri: str = ""
    jwks_uri: str = ""
    redirect_uri: str = ""
    scope_separator: str = " "
    authorize_parameters: Pairs = ()
    token_parameters: Pairs = ()
    refresh_parameters: Pairs = ()
    custom_headers: Pairs = ()
    client_authentication: ClientAuthentication = ClientAuthentication.CLIENT_SECRET_POST
    refresh_authentication: ClientAuthentication | None = None
    token_request_format: TokenRequestFormat = TokenRequestFormat.FORM
    parameter_names: Pairs = ()
    pkce: Pkce = Pkce.S256
    use_par: bool = False
    use_dpop: bool = False
    expect_iss: bool = False
    resources: tuple[str, ...] = ()
    token_placement: TokenPlacement = TokenPlacement.HEADER
    token_name: str = DEFAULT_TOKEN_NAME
    query_name: str = DEFAULT_QUERY_NAME
    base_url: str = ""
    expired_statuses: tuple[int, ...] = ()
    expired_body_matches: tuple[str, ...] = ()
    assertion: AssertionSettings = field(default_factory=AssertionSettings)
    response: ResponseRules = field(default_factory=ResponseRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecrets:
    """What proves that a request comes from the app; sealed at rest, never shown.

    Attributes:
        client_secret: For post, Basic and client_secret_jwt.
        private_key: PEM or JWK, for private_key_jwt and JWT bearer.
        certificate: For mutual TLS (RFC 8705).
    """

    client_secret: Secret | None = None
    private_key: Secret | None = None
    certificate: ClientCertificate | None = None

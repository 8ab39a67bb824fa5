"""Authorization server metadata (RFC 8414) and OpenID Connect Discovery 1.0.

An issuer's document fills an app's settings once, when the app is created. It is not consulted
behind people's backs: swapping an endpoint is a way to steal codes, so ``changed_endpoints``
shows a later difference and somebody decides.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from grantline.errors import DiscoveryFailed, InvalidInput, InvalidResponse
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.body import parse_body
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.flow import Flow
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.version import USER_AGENT

MAX_DOCUMENT_BYTES: Final = 256 * 1024

OAUTH_SUFFIX: Final = "/.well-known/oauth-authorization-server"
OPENID_SUFFIX: Final = "/.well-known/openid-configuration"

# The settings that say where people and secrets go, and the metadata that fills them.
ENDPOINTS: Final = {
    "authorize_uri": "authorization_endpoint",
    "token_uri": "token_endpoint",
    "device_authorization_uri": "device_authorization_endpoint",
    "revocation_uri": "revocation_endpoint",
    "introspection_uri": "introspection_endpoint",
    "pushed_authorization_uri": "pushed_authorization_request_endpoint",
    "jwks_uri": "jwks_uri",
}

_FLAGS: Final = frozenset(
    {
        "authorization_response_iss_parameter_supported",
        "client_id_metadata_document_supported",
        "require_pushed_authorization_requests",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetadata:
    """What an issuer says of itself (RFC 8414 section 2); names are the registry's.

    Every URL has passed ``endpoint_url``. An absent list has the default that the RFC gives it.
    ``resource`` is the protected resource that named the issuer (RFC 9728), if one did.
    """

    issuer: str
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    device_authorization_endpoint: str = ""
    revocation_endpoint: str = ""
    introspection_endpoint: str = ""
    pushed_authorization_request_endpoint: str = ""
    registration_endpoint: str = ""
    userinfo_endpoint: str = ""
    jwks_uri: str = ""
    mtls_endpoint_aliases: tuple[tuple[str, str], ...] = ()
    scopes_supported: tuple[str, ...] = ()
    response_types_supported: tuple[str, ...] = ()
    grant_types_supported: tuple[str, ...] = ("authorization_code", "implicit")
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = ()
    id_token_signing_alg_values_supported: tuple[str, ...] = ()
    code_challenge_methods_supported: tuple[str, ...] = ()
    dpop_signing_alg_values_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False
    require_pushed_authorization_requests: bool = False
    client_id_metadata_document_supported: bool = False
    resource: str = ""


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Where the document of ``issuer`` may be, in the order to try.

    RFC 8414 section 3.1 puts the well-known part between host and path, OpenID Connect Discovery
    section 4 behind the path; servers with a path use either, for either document.

    Raises:
        InvalidInput: ``issuer`` is not an https URL without query and fragment (section 2).
    """
    url = endpoint_url(issuer, field="Issuer")
    if url.query or "?" in issuer:
        raise InvalidInput("Issuer has a query (?...).", field="Issuer", hint="Remove it.")
    path = url.path.rstrip("/")
    inserted = (f"{url.origin}{OAUTH_SUFFIX}{path}", f"{url.origin}{OPENID_SUFFIX}{path}")
    return (*inserted, f"{url.origin}{path}{OPENID_SUFFIX}") if path else inserted


def metadata_request(url: str) -> HttpRequest:
    """The request for a document at one of ``metadata_urls``."""
    return HttpRequest("GET", url, (("Accept", "application/json"), ("User-Agent", USER_AGENT)))


def parse_metadata_response(response: HttpResponse, *, issuer: str) -> ServerMetadata | None:
    """The metadata in ``response``; None when there is no such document here.

    Raises:
        DiscoveryFailed: There is one, and it may not be believed.
    """
    if response.status != 200:
        return None
    if len(response.body) > MAX_DOCUMENT_BYTES:
        raise _failed("is too large", check="response_too_large", rule="RFC 8414 3.2")
    try:
        document = parse_body(response).fields
    except InvalidResponse:
        return None  # a web page: many sites answer every path with one
    # Byte for byte, or a server could speak for another one (RFC 8414 section 3.3).
    if document.get("issuer") != issuer:
        raise _failed(
            "names another issuer",
            check="issuer_mismatch",
            rule="RFC 8414 3.3",
            hint="Copy the issuer as the service writes it, with or without a slash at its end, "
            "or enter the endpoints by hand.",
        )
    return _metadata(document)


def metadata_flow(issuer: str) -> Flow[ServerMetadata]:
    """The metadata of ``issuer``, from the first place that has a document.

    Raises:
        DiscoveryFailed: No place has one, or it may not be believed.
        InvalidInput: ``issuer`` is no issuer identifier.
    """
    for url in metadata_urls(issuer):
        response = yield metadata_request(url)
        metadata = parse_metadata_response(response, issuer=issuer)
        if metadata is not None:
            return metadata
    raise DiscoveryFailed(
        "The issuer publishes no metadata where the standards put it.",
        check="no_document",
        rule="RFC 8414 3",
        hint="Enter the Authorize URI and Token URI by hand.",
    )


def apply_metadata(
    settings: AppSettings, metadata: ServerMetadata, *, secrets: ClientSecrets
) -> AppSettings:
    """``settings`` pointed at the server, with the client authentication that it offers.

    PKCE stays as it is set: a server that does not list S256 is not stepped down to silently
    (RFC 9700 section 2.1.1).

    Raises:
        InvalidInput: The server accepts no client authentication that ``secrets`` can serve.
    """
    method = pick_authentication(metadata.token_endpoint_auth_methods_supported, secrets=secrets)
    return replace(
        settings,
        issuer=metadata.issuer,
        client_authentication=method,
        expect_iss=metadata.authorization_response_iss_parameter_supported,
        use_par=settings.use_par or metadata.require_pushed_authorization_requests,
        resources=(metadata.resource,) if metadata.resource else settings.resources,
        base_url=settings.base_url or metadata.resource,
        **_endpoints(metadata, mutual_tls=method is ClientAuthentication.TLS_CLIENT_AUTH),
    )


def changed_endpoints(settings: AppSettings, metadata: ServerMetadata) -> tuple[str, ...]:
    """Names of the settings for which ``metadata`` now says something else."""
    mutual_tls = settings.client_authentication is ClientAuthentication.TLS_CLIENT_AUTH
    current = {"issuer": metadata.issuer, **_endpoints(metadata, mutual_tls=mutual_tls)}
    return tuple(name for name, value in current.items() if getattr(settings, name) != value)


def pick_authentication(
    supported: tuple[str, ...], *, secrets: ClientSecrets
) -> ClientAuthentication:
    """The strongest method that the server offers and ``secrets`` can serve.

    Raises:
        InvalidInput: There is none.
    """
    held: list[ClientAuthentication] = []
    if secrets.private_key:
        held.append(ClientAuthentication.PRIVATE_KEY_JWT)
    if secrets.certificate is not None:
        held.append(ClientAuthentication.TLS_CLIENT_AUTH)
    if secrets.client_secret:
        held += [
            ClientAuthentication.CLIENT_SECRET_BASIC,
            ClientAuthentication.CLIENT_SECRET_POST,
            ClientAuthentication.CLIENT_SECRET_JWT,
        ]
    # Without any secret the client is public, whether or not the server lists "none".
    if not held:
        return ClientAuthentication.NONE
    for method in held:
        if method.value in supported:
            return method
    raise InvalidInput(
        "The server accepts none of the client authentication methods that fit the secrets here.",
        field="Client authentication",
        hint="Add the secret or key that the service registered for this client.",
        detail=f"server: {', '.join(supported)[:200]}",
    )


def _endpoints(metadata: ServerMetadata, *, mutual_tls: bool) -> dict[str, Any]:
    # RFC 8705 section 5: a client that presents a certificate uses the aliases.
    aliases = dict(metadata.mtls_endpoint_aliases) if mutual_tls else {}
    return {
        setting: aliases.get(name) or getattr(metadata, name) for setting, name in ENDPOINTS.items()
    }


def _metadata(document: dict[str, Any]) -> ServerMetadata:
    values: dict[str, Any] = {}
    for field in fields(ServerMetadata):
        name, given = field.name, document.get(field.name)
        if given is None or name == "resource":
            continue
        if name in _FLAGS:
            values[name] = given is True
        elif name == "mtls_endpoint_aliases":
            values[name] = _aliases(given)
        elif name.endswith("_supported"):
            if isinstance(given, list):
                values[name] = tuple(item for item in given if isinstance(item, str))
        else:
            values[name] = given if name == "issuer" else _checked(given, name)
    return ServerMetadata(**values)


def _aliases(given: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(given, dict):
        return ()
    return tuple(
        (name, _checked(uri, name)) for name, uri in given.items() if name in ENDPOINTS.values()
    )


def _checked(uri: object, name: str) -> str:
    try:
        return str(endpoint_url(uri if isinstance(uri, str) else "", field=name))
    except InvalidInput as error:
        raise _failed(
            f"has an unusable {name}", check=name, rule="RFC 8414 2", detail=error.message
        ) from None


def _failed(
    what: str, *, check: str, rule: str, hint: str = "", detail: str = ""
) -> DiscoveryFailed:
    return DiscoveryFailed(
        f"The issuer's metadata {what}.", check=check, rule=rule, hint=hint, detail=detail
    )

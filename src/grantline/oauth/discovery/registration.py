"""Dynamic client registration (RFC 7591, RFC 7592): an app that signs itself up, and off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from grantline.errors import GrantlineError, InvalidInput, InvalidResponse
from grantline.messages import HttpRequest, HttpResponse, json_body
from grantline.oauth.answers.answer import answer_fields
from grantline.oauth.app.request_choices import ClientAuthentication
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.secret import Secret
from grantline.url import is_loopback_host, parse_url
from grantline.version import USER_AGENT

REGISTRATION_URI = "Registration URI"

_WITH_SECRET = {
    ClientAuthentication.CLIENT_SECRET_BASIC,
    ClientAuthentication.CLIENT_SECRET_POST,
    ClientAuthentication.CLIENT_SECRET_JWT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientMetadata:
    """What we tell a server about ourselves (section 2).

    Attributes:
        client_name: Shown to the person who consents.
        redirect_uris: Exact URIs.
        authentication: Client authentication at the token endpoint.
        grant_types: Grants to be used.
        scopes: Scopes that may be asked for.
        software_id: Same for every copy of the software.
    """

    client_name: str
    redirect_uris: tuple[str, ...]
    authentication: ClientAuthentication = ClientAuthentication.CLIENT_SECRET_BASIC
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    scopes: tuple[str, ...] = ()
    software_id: str = "grantline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a server answered (section 3.2.1).

    Attributes:
        client_id: Ours from now on.
        client_secret: None for a public client.
        secret_expires_at: None when it does not expire.
        authentication: What the server settled on, which may differ from what was asked.
        management_uri: Where the registration can be read and changed (RFC 7592); may be empty.
        management_token: The token for that.
    """

    client_id: str
    client_secret: Secret | None = None
    secret_expires_at: datetime | None = None
    authentication: ClientAuthentication = ClientAuthentication.CLIENT_SECRET_BASIC
    management_uri: str = ""
    management_token: Secret | None = None


def registration_request(
    *, endpoint: str, client: ClientMetadata, initial_access_token: Secret | None = None
) -> HttpRequest:
    """The request that registers ``client`` (section 3.1)."""
    url = str(endpoint_url(endpoint, field=REGISTRATION_URI))
    metadata: dict[str, Any] = {
        "client_name": client.client_name,
        "redirect_uris": list(client.redirect_uris),
        "token_endpoint_auth_method": client.authentication.value,
        "grant_types": list(client.grant_types),
        "response_types": ["code"] if "authorization_code" in client.grant_types else [],
        "software_id": client.software_id,
    }
    if client.redirect_uris:
        # OpenID Connect Registration section 2: a native client may come back to any port of its
        # own machine (RFC 8252 section 7.3), which a web client may not.
        metadata["application_type"] = "native" if _is_local(client) else "web"
    if client.scopes:
        metadata["scope"] = " ".join(client.scopes)
    headers = [
        ("Accept", "application/json"),
        ("User-Agent", USER_AGENT),
        ("Content-Type", "application/json"),
    ]
    if initial_access_token:
        headers.append(("Authorization", f"Bearer {initial_access_token.reveal()}"))
    return HttpRequest("POST", url, tuple(headers), json_body(metadata))


def parse_registration_response(
    response: HttpResponse, *, client: ClientMetadata, now: datetime
) -> Registration:
    """The registration in ``response`` to the request for ``client`` (section 3.2.1).

    Raises:
        GrantlineError: The server refused, or is busy; as ``answer_fields``.
        InvalidResponse: The answer has no client ID, or settles on what we cannot do.
    """
    fields = answer_fields(response, now=now)
    client_id = fields.get("client_id")
    if not isinstance(client_id, str) or not client_id:
        raise _unusable("client_id")
    method = fields.get("token_endpoint_auth_method", client.authentication.value)
    try:
        authentication = ClientAuthentication(method)
    except ValueError:
        raise _unusable("token_endpoint_auth_method") from None
    client_secret = _secret(fields.get("client_secret"))
    if authentication is ClientAuthentication.NONE:
        client_secret = None
    elif authentication not in _WITH_SECRET:
        raise _unusable("token_endpoint_auth_method")
    elif client_secret is None:
        raise _unusable("client_secret")
    return Registration(
        client_id=client_id,
        client_secret=client_secret,
        secret_expires_at=_expiry(fields.get("client_secret_expires_at")),
        authentication=authentication,
        management_uri=_management_uri(fields.get("registration_client_uri")),
        management_token=_secret(fields.get("registration_access_token")),
    )


def deregistration_request(*, management_uri: str, management_token: Secret) -> HttpRequest:
    """The request that ends a registration (RFC 7592 section 2.3); 204 says that it is gone."""
    headers = (
        ("Authorization", f"Bearer {management_token.reveal()}"),
        ("User-Agent", USER_AGENT),
    )
    return HttpRequest("DELETE", management_uri, headers)


def _is_local(client: ClientMetadata) -> bool:
    try:
        return all(is_loopback_host(parse_url(each).host) for each in client.redirect_uris)
    except GrantlineError:
        return False  # the server will say what it thinks of it


def _secret(value: object) -> Secret | None:
    return Secret(value) if isinstance(value, str) and value else None


def _expiry(value: object) -> datetime | None:
    """Zero means never (section 3.2.1); what cannot be read is no reason to lose the client."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _management_uri(value: object) -> str:
    try:
        return str(endpoint_url(str(value or ""), field="registration_client_uri"))
    except InvalidInput:
        return ""


def _unusable(field: str) -> InvalidResponse:
    return InvalidResponse(
        f"The answer to the registration has no usable {field}.",
        check=f"registration_{field}",
        rule="RFC 7591 3.2.1",
    )

"""What is known of services: the catalogue, and what issuers say of themselves."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field

from grantline.errors import NotFound, UnknownProvider
from grantline.providers.catalogue import profile, profile_names
from grantline.server.api.auth import Manager, Reader, TheEngine
from grantline.server.api.fields import Given, Listed, Ref, Shown
from grantline.server.api.settings_schema import SettingsShown

router: Final = APIRouter(tags=["Providers"])


class ProviderShown(Shown):
    """A service as the catalogue describes it."""

    name: str
    title: str
    categories: list[str]
    settings: SettingsShown
    flow: str
    scopes: dict[str, str]
    """Each scope worth knowing, with what it allows."""
    default_scopes: list[str]
    hosts: list[str]
    """Where a token may go; inputs of the settings in braces."""
    console: str
    """Where one registers a client."""
    steps: list[str]
    """How to get credentials there."""
    documentation: list[str]
    checked: date | None
    """When the documentation was read."""
    traps: list[dict[str, str | int]]
    """What people run into: what, why, and what to do next."""
    calls: dict[str, Any]
    """How its API is called: retries, rate limits, pagination."""
    based_on: str


class DiscoverGiven(Given):
    """Which issuer to ask."""

    issuer: Annotated[str, Field(max_length=2000, examples=["https://accounts.google.com"])]


class MetadataShown(Shown):
    """What an issuer says of itself (RFC 8414 section 2)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    device_authorization_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    pushed_authorization_request_endpoint: str
    registration_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    mtls_endpoint_aliases: list[tuple[str, str]]
    scopes_supported: list[str]
    response_types_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    id_token_signing_alg_values_supported: list[str]
    code_challenge_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    authorization_response_iss_parameter_supported: bool
    require_pushed_authorization_requests: bool
    client_id_metadata_document_supported: bool
    resource: str
    """The API or MCP server that named the issuer (RFC 9728); empty when none did."""


@router.get("/providers", response_model=Listed[ProviderShown])
async def list_providers(_caller: Reader) -> Any:
    """The catalogue, by name."""
    items = [asdict(profile(name)) for name in profile_names()]
    return {"items": items, "total": len(items)}


@router.get("/providers/{provider}", response_model=ProviderShown)
async def get_provider(_caller: Reader, provider: Ref) -> Any:
    """One entry of the catalogue."""
    try:
        return asdict(profile(provider))
    except UnknownProvider as error:
        raise NotFound(error.message, hint=error.hint) from None


@router.post("/discover", response_model=MetadataShown)
async def discover(_caller: Manager, engine: TheEngine, given: DiscoverGiven) -> Any:
    """Asks an issuer for its metadata (RFC 8414, OpenID Connect Discovery)."""
    return asdict(await engine.discover(given.issuer))

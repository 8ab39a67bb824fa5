"""From a protected resource, such as an MCP server, to its authorization server (RFC 9728)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grantline.errors import DiscoveryFailed
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.app.settings import AppSettings, ClientSecrets
from grantline.oauth.discovery.metadata import ServerMetadata, apply_metadata
from grantline.oauth.discovery.protected_resource import (
    protected_resource_flow,
    resource_metadata_urls,
)
from grantline.oauth.flow import drive

MCP = "https://mcp.example/v1/mcp"
WELL_KNOWN = "https://mcp.example/.well-known/oauth-protected-resource"
ISSUER = "https://login.example"
METADATA = "https://login.example/.well-known/oauth-authorization-server"
SERVER = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "token_endpoint_auth_methods_supported": ["none"],
}
RESOURCE = {"resource": MCP, "authorization_servers": [ISSUER], "scopes_supported": ["tools"]}


def discovered(pages: dict[str, Any], challenge: str = "") -> tuple[ServerMetadata, list[str]]:
    """What comes of the pages of a small web, and which of them were asked for."""
    asked: list[str] = []

    def send(request: HttpRequest) -> HttpResponse:
        asked.append(request.url)
        if request.url == MCP:
            headers = (("www-authenticate", challenge),) if challenge else ()
            return HttpResponse(401, headers)
        if request.url not in pages:
            return HttpResponse(404)
        return HttpResponse(200, (), json.dumps(pages[request.url]).encode())

    return drive(protected_resource_flow(MCP), send), asked


def test_a_document_is_looked_for_where_the_standard_puts_it() -> None:
    assert resource_metadata_urls(MCP) == (f"{WELL_KNOWN}/v1/mcp", WELL_KNOWN)
    assert resource_metadata_urls("https://mcp.example/") == (WELL_KNOWN,)


def test_a_resource_leads_to_its_server_and_fills_the_settings() -> None:
    metadata, asked = discovered({f"{WELL_KNOWN}/v1/mcp": RESOURCE, METADATA: SERVER})

    settings = apply_metadata(AppSettings(client_id="c"), metadata, secrets=ClientSecrets())
    assert asked == [MCP, f"{WELL_KNOWN}/v1/mcp", METADATA]
    assert settings.issuer == ISSUER
    assert settings.token_uri == f"{ISSUER}/token"
    assert settings.resources == (MCP,)
    assert settings.base_url == MCP
    assert metadata.scopes_supported == ("tools",)


def test_a_challenge_names_the_document() -> None:
    own = "https://mcp.example/about"
    challenge = f'Bearer error="invalid_token", resource_metadata="{own}"'

    metadata, asked = discovered({own: RESOURCE, METADATA: SERVER}, challenge)

    assert metadata.issuer == ISSUER
    assert asked == [MCP, own, METADATA]


def test_a_challenge_does_not_lead_to_another_origin() -> None:
    challenge = 'Bearer resource_metadata="https://evil.test/about"'

    _, asked = discovered({WELL_KNOWN: RESOURCE, METADATA: SERVER}, challenge)

    assert asked == [MCP, f"{WELL_KNOWN}/v1/mcp", WELL_KNOWN, METADATA]


@pytest.mark.parametrize(
    ("document", "check"),
    [
        ({**RESOURCE, "resource": "https://other.example/"}, "resource_mismatch"),
        ({"resource": MCP}, "no_server"),
        ({"resource": MCP, "authorization_servers": [1]}, "no_server"),
        ({"something": "else"}, "no_document"),
    ],
)
def test_a_document_that_may_not_be_believed_is_refused(
    document: dict[str, Any], check: str
) -> None:
    with pytest.raises(DiscoveryFailed) as caught:
        discovered({WELL_KNOWN: document, METADATA: SERVER})

    assert caught.value.check == check

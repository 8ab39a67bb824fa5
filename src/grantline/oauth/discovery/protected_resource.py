"""From the URL of a protected resource, such as an MCP server, to its authorization server.

RFC 9728: the resource names the document about itself in a challenge, or has it where the RFC
puts it; the document names the authorization server, which then speaks for itself (RFC 8414).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from grantline.errors import DiscoveryFailed, EgressBlocked, InvalidInput, InvalidResponse
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.body import parse_body
from grantline.oauth.answers.challenge import parse_challenges
from grantline.oauth.discovery.metadata import (
    MAX_DOCUMENT_BYTES,
    ServerMetadata,
    metadata_flow,
    metadata_request,
)
from grantline.oauth.flow import Flow
from grantline.oauth.requests.endpoint import endpoint_url
from grantline.url import parse_url
from grantline.version import USER_AGENT

WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"
RESOURCE_URL: Final = "Resource URL"


def resource_metadata_urls(resource: str) -> tuple[str, ...]:
    """Where the document about ``resource`` may be, in the order to try (section 3.1)."""
    url = endpoint_url(resource, field=RESOURCE_URL)
    path = url.path.rstrip("/")
    root = f"{url.origin}{WELL_KNOWN}"
    return (f"{root}{path}", root) if path else (root,)


def protected_resource_flow(resource: str) -> Flow[ServerMetadata]:
    """The metadata of the server that gives tokens for ``resource``, which it names.

    Raises:
        DiscoveryFailed: The resource says nothing of itself, or what may not be believed.
        InvalidInput: ``resource`` is no https URL.
    """
    asked = HttpRequest(
        "GET",
        str(endpoint_url(resource, field=RESOURCE_URL)),
        (("Accept", "application/json, text/event-stream"), ("User-Agent", USER_AGENT)),
    )
    named = _named_in(resource, (yield asked))
    for url in (*named, *resource_metadata_urls(resource)):
        document = _document((yield metadata_request(url)))
        if document is not None:
            issuer = _issuer(document, resource)
            metadata = yield from metadata_flow(issuer)
            scopes = document.get("scopes_supported")
            return replace(
                metadata,
                resource=resource,
                scopes_supported=_texts(scopes) or metadata.scopes_supported,
            )
    raise DiscoveryFailed(
        "The address publishes no metadata where the standards put it.",
        check="no_document",
        rule="RFC 9728 3",
        hint="Enter the Authorize URI and Token URI by hand.",
    )


def _named_in(resource: str, response: HttpResponse) -> tuple[str, ...]:
    """The document that a challenge names, on the resource's own origin only."""
    header = response.header("WWW-Authenticate") or ""
    named = (each.parameter("resource_metadata") for each in parse_challenges(header))
    url = next((each for each in named if each), "")
    try:
        same = bool(url) and parse_url(url).origin == parse_url(resource).origin
        return (str(endpoint_url(url, field=RESOURCE_URL)),) if same else ()
    except (InvalidInput, EgressBlocked):
        return ()


def _document(response: HttpResponse) -> dict[str, Any] | None:
    if response.status != 200 or len(response.body) > MAX_DOCUMENT_BYTES:
        return None
    try:
        fields = dict(parse_body(response).fields)
    except InvalidResponse:
        return None
    return fields if "resource" in fields or "authorization_servers" in fields else None


def _issuer(document: dict[str, Any], resource: str) -> str:
    # Section 3.3: byte for byte, but for a slash at the end, or a document could speak for others.
    said = document.get("resource")
    if not isinstance(said, str) or said.rstrip("/") != resource.rstrip("/"):
        raise DiscoveryFailed(
            "The resource's metadata names another resource.",
            check="resource_mismatch",
            rule="RFC 9728 3.3",
            hint="Copy the address as the service writes it.",
        )
    servers = _texts(document.get("authorization_servers"))
    if not servers:
        raise DiscoveryFailed(
            "The resource's metadata names no authorization server.",
            check="no_server",
            rule="RFC 9728 2",
            hint="Enter the Authorize URI and Token URI by hand.",
        )
    return servers[0]


def _texts(given: object) -> tuple[str, ...]:
    if not isinstance(given, list):
        return ()
    return tuple(each for each in given if isinstance(each, str) and each)

"""Client ID metadata documents: an app whose client ID is the address of what it says of itself.

draft-ietf-oauth-client-id-metadata-document: the authorization server reads the document when it is
asked for consent, so nothing is registered and no secret is kept. There is one for each
authorization server, like the callback paths: it names the one redirect URI that goes with that
server, can be written without looking at any app, and tells nobody which services are used here.
Pure.
"""

from __future__ import annotations

import re
from typing import Any, Final

from grantline.connections.consent.callback_path import (
    CALLBACK_PREFIX,
    DIGEST_DIGITS,
    callback_digest,
)
from grantline.oauth.app.settings import AppSettings
from grantline.url import is_loopback_host, parse_url

CLIENT_NAME: Final = "Grantline"
DOCUMENT_PREFIX: Final = "/oauth/client/"
_DIGEST: Final = re.compile(f"[0-9a-f]{{{DIGEST_DIGITS}}}")


def why_no_document(public_url: str) -> str:
    """Why no service could read a document of this installation; empty when it could."""
    url = parse_url(public_url)
    if url.scheme != "https":
        return "The public URL of this installation is not https, so no service would read it."
    if is_loopback_host(url.host):
        return "The public URL of this installation is on this machine, so no service can read it."
    return ""


def document_uri(settings: AppSettings, public_url: str) -> str:
    """The client ID of apps of this service: where the document about them is."""
    return f"{public_url.rstrip('/')}{DOCUMENT_PREFIX}{callback_digest(settings)}.json"


def client_document(digest: str, public_url: str) -> dict[str, Any] | None:
    """The document for the callback path with ``digest``; None where there can be none."""
    if not _DIGEST.fullmatch(digest) or why_no_document(public_url):
        return None
    origin = public_url.rstrip("/")
    return {
        "client_id": f"{origin}{DOCUMENT_PREFIX}{digest}.json",
        "client_name": CLIENT_NAME,
        "client_uri": origin,
        "redirect_uris": [f"{origin}{CALLBACK_PREFIX}{digest}"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }

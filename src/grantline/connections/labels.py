"""The form's labels of settings: every face, and every error, calls a setting the same."""

from __future__ import annotations

from typing import Final

# Where the label is not simply the setting's name. A dot leads into assertion and response.
_LABELS: Final = {
    "name": "Connection name",
    "flow": "Flow type",
    "username": "User name",
    "at_once": "At most at once",
    "client_id": "Client ID",
    "certificate": "Client certificate",
    "token_parameters": "Access token parameters",
    "refresh_parameters": "Refresh token parameters",
    "query_name": "Query parameter name",
    "use_par": "Pushed requests (PAR)",
    "use_dpop": "Bound tokens (DPoP)",
    "pkce": "PKCE",
    "token_placement": "Access token placement",
    "expect_iss": "Expects iss",
    "jwks_uri": "JWKS URI",
    "base_url": "Base URL",
    "assertion.key_id": "Key ID",
    "assertion.issuer": "Assertion issuer",
    "assertion.subject": "Assertion subject",
    "assertion.audience": "Assertion audience",
    "assertion.lifetime": "Assertion lifetime",
    "api_headers": "API headers",
    "api_parameters": "API parameters",
    "authorize_in_fragment": "Parameters after #",
    "header_name": "Header name",
    "response.access_token": "Access token path",
    "response.expires_in": "Lifetime path",
    "response.refresh_expires_in": "Refresh lifetime path",
    "response.keeps_token": "Refresh keeps the token",
    "identity.url": "Identity URL",
    "identity.method": "Identity method",
    "identity.body": "Identity body",
    "identity.label": "Account label paths",
    "identity.id": "Account id path",
    "identity.captures": "Kept identity values",
    "revocation.method": "Revocation method",
    "revocation.format": "Revocation format",
    "revocation.authentication": "Revocation authentication",
    "revocation.as_api_request": "Revoke as an API request",
    "revocation.token": "Revoked tokens",
    "revocation.parameters": "Revocation parameters",
    "upgrade.uri": "Upgrade URI",
    "upgrade.method": "Upgrade method",
    "upgrade.format": "Upgrade format",
    "upgrade.parameters": "Upgrade parameters",
    "response.refresh_token": "Refresh token path",
    "response.expires_at": "Expiry path",
    "response.scope": "Scope path",
    "response.secondary_path": "Second token path",
    "response.refresh_with": "Token that renews",
}


def label_of(name: str) -> str:
    """The label of a setting: ``token_uri`` is *Token URI*."""
    if label := _LABELS.get(name):
        return label
    return name.rpartition(".")[2].replace("_", " ").capitalize().replace(" uri", " URI")

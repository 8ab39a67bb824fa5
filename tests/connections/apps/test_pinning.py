"""Endpoints are pinned: a later difference is shown, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grantline.connections.apps.pinning import moved_endpoints
from grantline.oauth.app.settings import AppSettings
from grantline.oauth.discovery.metadata import ServerMetadata

METADATA = ServerMetadata(
    issuer="https://a.example",
    authorization_endpoint="https://a.example/authorize",
    token_endpoint="https://a.example/token",
    introspection_endpoint="https://a.example/introspect",
)
SETTINGS = AppSettings(
    client_id="c",
    issuer="https://a.example",
    authorize_uri="https://a.example/authorize",
    token_uri="https://a.example/token",
    revocation_uri="https://a.example/revoke",
)


@pytest.mark.parametrize(
    ("endpoint", "setting", "uri"),
    [
        ("token_endpoint", "token_uri", "https://evil.test/token"),
        ("authorization_endpoint", "authorize_uri", "https://a.example/v2/authorize"),
    ],
)
def test_an_endpoint_that_moved_is_shown_with_where_to(
    endpoint: str, setting: str, uri: str
) -> None:
    moved = replace(METADATA, **{endpoint: uri})  # type: ignore[arg-type]

    assert moved_endpoints(SETTINGS, moved) == {setting: uri}


def test_what_the_app_does_not_use_or_the_issuer_does_not_name_is_no_change() -> None:
    assert moved_endpoints(SETTINGS, METADATA) == {}

"""The README's path: commands against an authorization server that others wrote."""

import json
import webbrowser

import pytest

from tests.cli.conftest import CommandLine
from tests.peers.browser import Person
from tests.peers.peer import Peer

pytestmark = [pytest.mark.peers, pytest.mark.processes]


def test_a_connection_lives_from_create_to_delete(cli: CommandLine, oidc_provider: Peer) -> None:

    def consent(url: str) -> bool:
        Person().authorize(url, deliver=True)
        return True

    cli.monkeypatch.setenv("BROWSER", "played")
    cli.monkeypatch.setattr(webbrowser, "open", consent)
    scopes = [word for scope in oidc_provider.scope.split() for word in ("--scope", scope)]
    extra = [
        word
        for name, value in oidc_provider.authorize_parameters.items()
        for word in ("--authorize-parameter", f"{name}={value}")
    ]

    cli.ok(
        *("connection", "create", "peer", "--issuer", oidc_provider.issuer),
        *("--client-id", "native", "--redirect-uri", "http://127.0.0.1/callback"),
        *("--base-url", oidc_provider.api_url, *scopes, *extra),
    )
    granted = json.loads(cli.ok("connection", "authorize", "peer", "--format", "json").out)
    assert granted["has_refresh_token"]
    assert granted["warnings"] == []

    answer = cli.ok("request", "GET", "me", "-c", "peer")
    assert json.loads(answer.out)["sub"]
    first = cli.ok("token", "peer").out
    assert cli.ok("token", "peer", "--min-ttl", "1d").out != first

    gone = json.loads(cli.ok("connection", "delete", "peer", "--yes", "--format", "json").out)
    assert gone["revoked"] is True

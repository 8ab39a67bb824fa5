"""Creating a connection from the catalogue."""

import pytest

from grantline import Connections, UnknownProvider


def test_a_catalogue_entry_fills_in_the_service_the_scopes_and_the_hosts(
    connections: Connections,
) -> None:
    github = connections.create(
        "github", provider="github", client_id="an-id", client_secret="a-secret"
    )

    status = github.status

    assert status.app.provider == "github"
    assert status.app.settings.token_uri == "https://github.com/login/oauth/access_token"
    assert status.scopes == ("read:user",)
    assert "api.github.com" in status.hosts


def test_what_is_given_wins_over_the_catalogue(connections: Connections) -> None:
    github = connections.create(
        "github",
        provider="github",
        client_id="an-id",
        client_secret="a-secret",
        scopes=["gist"],
        base_url="https://github.example/api",
        hosts=["github.example"],
    )

    status = github.status

    assert status.scopes == ("gist",)
    assert status.hosts == ("github.example",)
    assert status.app.settings.base_url == "https://github.example/api"


def test_an_unknown_provider_leaves_nothing_behind(connections: Connections) -> None:
    with pytest.raises(UnknownProvider):
        connections.create("x", provider="no-such-service", client_id="an-id")

    assert connections.list() == []

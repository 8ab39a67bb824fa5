"""The catalogue: every entry can be read, and makes an app that could work."""

from __future__ import annotations

import pytest

from grantline.connections.codec import from_plain
from grantline.connections.rules import check_hosts, check_scopes, check_settings
from grantline.errors import ConfigurationError, UnknownProvider
from grantline.oauth.settings import AppSettings, ClientSecrets, FlowType
from grantline.providers.profile import parse_profile, profile, profile_names
from grantline.secret import Secret


@pytest.mark.parametrize("name", profile_names())
def test_every_entry_makes_an_app_that_passes_the_rules_of_the_form(name: str) -> None:
    entry = profile(name)

    settings = from_plain(AppSettings, {"client_id": "an-id", **entry.settings})

    secrets = ClientSecrets(client_secret=Secret("a-secret"))
    check_settings(settings, FlowType.AUTHORIZATION_CODE, secrets)
    check_scopes(entry.scopes)
    assert check_hosts(entry.hosts, base_url=settings.base_url)


@pytest.mark.parametrize("name", profile_names())
def test_every_entry_says_where_to_register_and_what_it_was_written_from(name: str) -> None:
    entry = profile(name)

    assert entry.title
    assert entry.console.startswith("https://")
    assert all(page.startswith("https://") for page in entry.documentation)
    assert entry.documentation


def test_an_unknown_provider_is_told_which_there_are_and_what_else_can_be_given() -> None:
    with pytest.raises(UnknownProvider) as caught:
        profile("no-such-service")

    assert "google" in caught.value.hint
    assert "issuer" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = ", "not TOML"),
        ("title = 'X'", "needs a title and settings"),
        ("title = 'X'\ncolour = 'red'\n[settings]", "colour"),
    ],
)
def test_a_file_with_a_mistake_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as caught:
        parse_profile("example", text)

    assert "example" in caught.value.message

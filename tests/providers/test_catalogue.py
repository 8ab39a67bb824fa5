"""The catalogue: every entry can be read, and makes an app that could work."""

from __future__ import annotations

import pytest

from grantline.connections.apps.catalogue import checked_entry
from grantline.errors import UnknownProvider
from grantline.providers.catalogue import entry_text, found_profiles, profile, profile_names


@pytest.mark.parametrize("name", profile_names())
def test_every_entry_is_in_order_and_makes_an_app_that_passes_the_rules_of_the_form(
    name: str,
) -> None:
    assert checked_entry(name, entry_text(name), base=entry_text) == []


def test_an_unknown_provider_is_told_what_is_near_and_what_else_can_be_given() -> None:
    with pytest.raises(UnknownProvider) as caught:
        profile("googel")

    assert "google" in caught.value.hint
    assert "issuer" in caught.value.hint


@pytest.mark.parametrize("query", ["google-sh", "google SH", "SHEETS.googleapis"])
def test_a_search_finds_by_name_by_title_and_by_host(query: str) -> None:
    names = [each.name for each in found_profiles(query)]

    assert "google-sheets" in names
    assert "slack" not in names


def test_a_search_finds_by_category_and_lists_by_title() -> None:
    names = [each.name for each in found_profiles("development")]

    assert {"github", "gitlab"} <= set(names)
    titles = [each.title.casefold() for each in found_profiles()]
    assert titles == sorted(titles)
    assert len(titles) == len(profile_names())


def test_a_search_begins_with_those_whose_title_it_begins() -> None:
    titles = [each.title for each in found_profiles("git")]

    assert titles.index("GitHub") < titles.index("DigitalOcean")


def test_an_entry_based_on_another_has_what_that_one_has_and_its_own_over_it() -> None:
    base, own = profile("google"), profile("google-sheets")

    assert own.settings["token_uri"] == base.settings["token_uri"]
    assert own.settings["base_url"] == "https://sheets.googleapis.com/v4"
    assert own.scopes.items() > base.scopes.items()
    assert own.traps == base.traps
    assert own.hosts != base.hosts

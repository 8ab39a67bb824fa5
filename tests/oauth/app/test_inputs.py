"""The values of one connection in the settings of its app."""

from __future__ import annotations

import pytest

from grantline.errors import InvalidInput
from grantline.oauth.app.app_rules import IdentityRules, Input
from grantline.oauth.app.inputs import (
    checked_inputs,
    resolved,
    resolved_host,
    unknown_names,
    unruled_captures,
)
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings

SHOP = Input(name="shop", label="Shop", help="Its address.", example="acme", pattern="[a-z-]+")
REGION = Input(name="region", label="Region", choices=("us", "eu"), default="us")
SETTINGS = AppSettings(
    client_id="an-id",
    inputs=(SHOP, REGION),
    authorize_uri="https://{shop}.example/authorize",
    token_uri="https://{shop}.example/token?region={region}",
    base_url="{api_domain}/v1/{client_id}",
    token_parameters=(("store", "{shop}"), ("secret", "{client_secret}"), ("at", "{now}")),
    response=ResponseRules(
        captured_parameters=("api_domain",),
        allowed_values=(("api_domain", ("https://api.other.example", "*.example")),),
    ),
)


def test_a_default_is_taken_where_nothing_is_given() -> None:
    assert checked_inputs((SHOP, REGION), {"shop": " acme "}) == {"shop": "acme", "region": "us"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "Shop"),
        ({"shop": "ACME"}, "Shop"),
        ({"shop": "a", "region": "mars"}, "Region"),
        ({"shop": "a", "other": "b"}, "other"),
        ({"shop": "a" * 501}, "Shop"),
    ],
)
def test_an_input_that_does_not_fit_is_named(given: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked_inputs((SHOP, REGION), given)

    assert caught.value.field == field


@pytest.mark.parametrize("value", ["{client_secret}", "a{b", "a\nb"])
def test_an_input_brings_no_name_of_its_own_into_a_template(value: str) -> None:
    with pytest.raises(InvalidInput):
        checked_inputs((Input(name="free", label="Free"),), {"free": value})


def test_values_are_put_into_every_setting_and_what_is_not_known_yet_stays() -> None:
    found = resolved(SETTINGS, {"shop": "acme", "region": "eu"})

    assert found.authorize_uri == "https://acme.example/authorize"
    assert found.token_uri == "https://acme.example/token?region=eu"
    assert found.base_url == "{api_domain}/v1/an-id"
    assert dict(found.token_parameters) == {
        "store": "acme",
        "secret": "{client_secret}",
        "at": "{now}",
    }
    assert found.inputs == SETTINGS.inputs


@pytest.mark.parametrize("value", ["https://api.other.example", "https://eu.api.example"])
def test_a_captured_value_builds_a_host_when_a_rule_allows_it(value: str) -> None:
    assert resolved(SETTINGS, {"api_domain": value}).base_url == f"{value}/v1/an-id"
    assert resolved_host("{api_domain}", SETTINGS, {"api_domain": value}) == value[8:]


@pytest.mark.parametrize(
    "value",
    ["https://evil.test", "http://api.example", "https://example", "https://evil.test/.example"],
)
def test_a_captured_value_that_no_rule_allows_builds_no_host(value: str) -> None:
    with pytest.raises(InvalidInput, match="api_domain"):
        resolved(SETTINGS, {"api_domain": value})
    with pytest.raises(InvalidInput, match="api_domain"):
        resolved_host("{api_domain}", SETTINGS, {"api_domain": value})


def test_names_that_stand_for_nothing_are_found_where_they_are() -> None:
    settings = AppSettings(
        client_id="an-id",
        token_uri="https://{nowhere}.example/{now}",
        authorize_parameters=(("a", "{now}"), ("b", "{client_secret}")),
        custom_headers=(("X-Key", "{client_secret}"),),
    )

    assert sorted(unknown_names(settings, ("{shop}.example",))) == [
        ("authorize_parameters", "client_secret"),
        ("hosts", "shop"),
        ("token_uri", "now"),
        ("token_uri", "nowhere"),
    ]


def test_a_captured_value_that_builds_a_host_needs_a_rule() -> None:
    settings = AppSettings(
        client_id="an-id",
        base_url="https://{cloud}.example/{site}",
        identity=IdentityRules(captures=(("cloud", "0.id"), ("site", "0.site"))),
    )

    assert list(unruled_captures(settings, ("{site}.example",))) == ["cloud", "site"]

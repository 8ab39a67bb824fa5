from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from grantline.codec import from_plain, plain_values, to_plain
from grantline.errors import InvalidInput
from grantline.oauth.app.response_rules import ResponseRules
from grantline.oauth.app.settings import AppSettings, Pkce
from tests.connections.settings_values import APP_SETTINGS


@given(APP_SETTINGS)
def test_settings_come_back_from_json_as_they_went(settings: AppSettings) -> None:
    for whole in (False, True):
        plain = json.loads(json.dumps(to_plain(settings, whole=whole)))
        assert from_plain(AppSettings, plain) == settings


def test_only_what_differs_from_the_default_is_written() -> None:
    settings = AppSettings(
        client_id="c", pkce=Pkce.OFF, response=ResponseRules(default_lifetime=timedelta(hours=1))
    )
    plain = {"client_id": "c", "pkce": "off", "response": {"default_lifetime": 3600.0}}
    assert to_plain(settings) == plain
    assert from_plain(AppSettings, plain) == settings


def test_pairs_may_be_written_as_a_table() -> None:
    plain = {
        "client_id": "c",
        "custom_headers": {"A": "b"},
        "response": {"allowed_values": {"region": ["us", "eu"]}},
    }

    settings = from_plain(AppSettings, plain)

    assert settings.custom_headers == (("A", "b"),)
    assert settings.response.allowed_values == (("region", ("us", "eu")),)


@pytest.mark.parametrize(
    ("plain", "field"),
    [
        ({}, "client_id"),
        ({"client_id": "c", "color": "red"}, "color"),
        ({"client_id": 7}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"client_id": "c", "use_par": 1}, "use_par"),
        ({"client_id": "c", "use_par": "true"}, "use_par"),
        ({"client_id": "c", "pkce": "S512"}, "pkce"),
        ({"client_id": "c", "pkce": None}, "pkce"),
        ({"client_id": "c", "pkce": ["S256"]}, "pkce"),
        ({"client_id": "c", "expired_statuses": [True]}, "expired_statuses"),
        ({"client_id": "c", "expired_statuses": 403}, "expired_statuses"),
        ({"client_id": "c", "expired_statuses": {"403": 1}}, "expired_statuses"),
        ({"client_id": "c", "resources": "https://a.example"}, "resources"),
        ({"client_id": "c", "custom_headers": [["A"]]}, "custom_headers"),
        ({"client_id": "c", "custom_headers": [["A", "b", "c"]]}, "custom_headers"),
        ({"client_id": "c", "custom_headers": {"A": 1}}, "custom_headers"),
        ({"client_id": "c", "inputs": {"shop": "Shop"}}, "inputs"),
        ({"client_id": "c", "response": []}, "response"),
        ({"client_id": "c", "response": "x"}, "response"),
        ({"client_id": "c", "response": None}, "response"),
        ({"client_id": "c", "response": {"color": "red"}}, "color"),
        ({"client_id": "c", "response": {"default_lifetime": "1h"}}, "default_lifetime"),
        ({"client_id": "c", "response": {"default_lifetime": 1e300}}, "default_lifetime"),
        ({"client_id": "c", "response": {"default_lifetime": True}}, "default_lifetime"),
        ({"client_id": "c", "assertion": {"lifetime": None}}, "lifetime"),
        ({"client_id": "c", "assertion": {"lifetime": float("nan")}}, "lifetime"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(plain: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        from_plain(AppSettings, plain)
    assert caught.value.field == field


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"no setting named color.*authorize_uri, base_url"):
        from_plain(AppSettings, {"client_id": "c", "color": "red"})


def test_a_wrong_word_is_told_the_right_ones() -> None:
    with pytest.raises(InvalidInput, match=r"Use one of: S256, plain, off\."):
        from_plain(AppSettings, {"client_id": "c", "pkce": "S512"})


def test_single_fields_become_plain_and_plain_ones_stay() -> None:
    values = {"pkce": Pkce.OFF, "resources": ("a", "b"), "token_name": "Token", "use_par": True}
    assert plain_values(values) == {
        "pkce": "off",
        "resources": ["a", "b"],
        "token_name": "Token",
        "use_par": True,
    }

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grantline.connections.consent.callback_path import callback_digest, callback_path
from grantline.oauth.app.settings import AppSettings
from tests.connections.settings_values import APP_SETTINGS

APP = AppSettings(
    client_id="c", authorize_uri="https://a.example/authorize", token_uri="https://a.example/token"
)


def test_the_path_is_a_prefix_and_sixteen_hex_digits() -> None:
    assert callback_path(APP) == "/oauth/callback/" + callback_digest(APP)
    assert len(callback_digest(APP)) == 16
    int(callback_digest(APP), 16)


def test_the_path_never_changes_for_one_service() -> None:
    # Registered at services by people: another digest would break every one of them.
    assert callback_digest(APP) == "6db9366cc6a6f3e6"


@pytest.mark.parametrize("name", ["authorize_uri", "token_uri"])
def test_another_server_has_another_path(name: str) -> None:
    change: dict[str, Any] = {name: "https://b.example/x"}
    assert callback_path(replace(APP, **change)) != callback_path(APP)


@given(APP_SETTINGS)
def test_nothing_but_the_two_uris_decides(settings: AppSettings) -> None:
    same = replace(settings, authorize_uri=APP.authorize_uri, token_uri=APP.token_uri)
    assert callback_path(same) == callback_path(APP)


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_no_two_pairs_of_uris_are_mistaken_for_each_other(a: str, b: str, c: str, d: str) -> None:
    # A URI holds no line break (`check_uris` refuses it), so the joint is unambiguous.
    assume(not any("\n" in each for each in (a, b, c, d)))
    one = callback_digest(replace(APP, authorize_uri=a, token_uri=b))
    other = callback_digest(replace(APP, authorize_uri=c, token_uri=d))
    assert (one == other) == ((a, b) == (c, d))

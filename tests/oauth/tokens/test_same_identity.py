import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.oauth.tokens.same_identity import changed_claim
from grantline.secret import Secret


def id_token(**claims: Any) -> Secret:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return Secret(f"e30.{payload}.s")


FIRST = id_token(iss="https://as.example", sub="u1")


@pytest.mark.parametrize(
    ("refreshed", "changed"),
    [
        (id_token(iss="https://as.example", sub="u1", iat=2), ""),
        (id_token(iss="https://evil.example", sub="u1"), "iss"),
        (id_token(iss="https://as.example", sub="u2"), "sub"),
        (id_token(iss="https://as.example"), "sub"),
        (Secret("opaque"), ""),
    ],
)
def test_an_id_token_of_a_refresh_is_about_the_same_person(refreshed: Secret, changed: str) -> None:
    assert changed_claim(FIRST, refreshed) == changed


@given(st.text() | st.binary().map(lambda data: f"a.{base64.urlsafe_b64encode(data).decode()}.c"))
def test_no_text_breaks_the_comparison(text: str) -> None:
    changed_claim(FIRST, Secret(text))
    changed_claim(Secret(text), FIRST)

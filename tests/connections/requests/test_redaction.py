"""Secrets leave what is kept: in every spelling, and wherever a name gives them away."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.connections.requests.redaction import Redactor
from grantline.secret import Secret
from tests.canary import assert_no_canary

TOKEN = 'canary/to+ken "ä" 0123456789'
REDACTOR = Redactor([Secret(TOKEN), Secret("abc")])


def test_every_spelling_of_a_secret_is_masked() -> None:
    text = f"{TOKEN} {json.dumps(TOKEN)}"
    assert_no_canary([TOKEN], REDACTOR.text(text))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("https://a.example/x?page=2&key=k", "https://a.example/x?page=2&key=•••"),
        ("https://a.example/x?Access%5Ftoken=k#frag", "https://a.example/x?Access%5Ftoken=•••"),
        (
            "https://a.example/canary%2Fto%2Bken%20%22%C3%A4%22%200123456789",
            "https://a.example/•••",
        ),
        ("https://a.example/x?a=1&&b", "https://a.example/x?a=1&&b"),
    ],
)
def test_urls_keep_all_but_credentials(url: str, kept: str) -> None:
    assert REDACTOR.url(url) == kept


def test_headers_keep_all_but_credentials() -> None:
    headers = (
        ("Authorization", "Bearer anything"),
        ("authorization", "anything"),
        ("Cookie", "a=b"),
        ("set-cookie", "a=b; Path=/"),
        ("X-Api-Key", "k"),
        ("X-Echo", f"you sent {TOKEN}"),
        ("Accept", "*/*"),
    )
    assert REDACTOR.headers(headers) == (
        ("Authorization", "Bearer •••"),
        ("authorization", "•••"),
        ("Cookie", "•••"),
        ("set-cookie", "•••"),
        ("X-Api-Key", "•••"),
        ("X-Echo", "you sent •••"),
        ("Accept", "*/*"),
    )


@given(before=st.integers(0, 80), at_most=st.integers(0, 120), after=st.integers(0, 80))
def test_no_part_of_a_secret_is_left_where_a_body_is_cut(
    before: int, at_most: int, after: int
) -> None:
    secret = "S" * 12
    body = b"." * before + secret.encode() + b"." * after
    head = Redactor([Secret(secret)]).head(body, at_most)
    assert len(head) <= at_most
    assert b"S" not in head


def test_a_body_that_fits_is_kept_whole() -> None:
    assert Redactor([]).head(bytes(range(256)), 256) == bytes(range(256))
    assert Redactor([]).head(bytes(range(256)), 10) == bytes(range(10))

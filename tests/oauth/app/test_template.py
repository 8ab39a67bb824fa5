"""Names in braces, and the values that take their place."""

from __future__ import annotations

import pytest

from grantline.errors import InvalidInput
from grantline.oauth.app.template import fill, fill_uri, finish, host_names_in, names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("https://{shop}.example/{a.b}", ("shop", "a.b")),
        ('{"id_token":{"email":null}}', ()),
        ("{{shop}} and {shop}", ("shop",)),
        ("{ viewer { id } }", ()),
        ("{}", ()),
    ],
)
def test_only_a_name_in_braces_is_a_name(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


def test_values_stand_as_they_are_outside_of_urls() -> None:
    assert fill("{a} {b} {{a}} {unknown}", {"a": "x y", "b": "ä"}) == "x y ä {{a}} {unknown}"


def test_what_is_sent_has_every_value_and_single_braces() -> None:
    assert finish("{a} {{a}} {}", {"a": "x"}, field="A field") == "x {a} {}"
    with pytest.raises(InvalidInput, match="a value for b") as caught:
        finish("{a} {b}", {"a": "x"}, field="A field")
    assert caught.value.field == "A field"


@pytest.mark.parametrize(
    ("uri", "values", "filled"),
    [
        ("https://{shop}.example/x", {"shop": "acme"}, "https://acme.example/x"),
        ("https://{host}/x", {"host": "a.example:8443"}, "https://a.example:8443/x"),
        (
            "https://a.example/{id}?q={id}",
            {"id": "a/b?c#d"},
            "https://a.example/a%2Fb%3Fc%23d?q=a%2Fb%3Fc%23d",
        ),
        ("{base}/v1", {"base": "https://a.example/"}, "https://a.example/v1"),
        ("{base}/v1", {}, "{base}/v1"),
        ("{shop}.example", {"shop": "acme"}, "acme.example"),
        ("/me/{id}", {"id": "a/b"}, "/me/a%2Fb"),
    ],
)
def test_a_value_in_a_url_is_encoded_for_its_place(
    uri: str, values: dict[str, str], filled: str
) -> None:
    assert fill_uri(uri, values, field="token_uri") == filled


@pytest.mark.parametrize(
    "value", ["evil.example/", "a@evil", "evil.example#", "a b", "", "a:b", "-"]
)
def test_a_value_that_builds_a_host_is_a_host_and_nothing_else(value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        fill_uri("https://{shop}.example/", {"shop": value}, field="token_uri")

    assert caught.value.field == "token_uri"


def test_a_url_in_front_is_read_as_strictly_as_any_other() -> None:
    with pytest.raises(InvalidInput):
        fill_uri("{base}/v1", {"base": "javascript://a"}, field="base_url")


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("https://{a}.example/{b}?{c}", ("a",)),
        ("{a}/{b}", ("a",)),
        ("*.{a}.example", ("a",)),
        ("/{a}", ()),
    ],
)
def test_which_names_build_the_host(uri: str, names: tuple[str, ...]) -> None:
    assert host_names_in(uri) == names

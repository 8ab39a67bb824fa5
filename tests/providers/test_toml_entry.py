"""A catalogue file with a mistake: the line, the field and what is allowed there."""

from __future__ import annotations

import pytest

from grantline.connections.apps.catalogue import checked_entry
from grantline.errors import ConfigurationError
from grantline.providers.catalogue import entry_text
from grantline.providers.toml_entry import Mistake, parse_profile

GOOD = """\
title = "Example"
categories = ["files"]
checked = 2026-11-29
console = "https://{shop}.example.com/apps"
steps = ["Press New."]
documentation = ["https://docs.example.com/oauth"]
hosts = ["{shop}.example.com"]
default_scopes = ["read"]

[inputs.shop]
label = "Shop"
help = "The first part of its address."
example = "acme"
pattern = "[a-z]+"

[scopes]
read = "Read everything."

[settings]
authorize_uri = "https://{shop}.example.com/authorize"
token_uri = "https://{shop}.example.com/token"
base_url = "{api_domain}/v1"
pkce = "off"
token_parameters = { at = "{now}" }

[settings.response]
captured_parameters = ["api_domain"]
allowed_values = { api_domain = ["https://api.example.com", "*.api.example.com"] }

[[traps]]
what = "It fails."
why = "It does."
next = "Do something."
"""


def mistakes(text: str) -> list[Mistake]:
    return checked_entry("example", text, base=entry_text)


def test_a_file_in_order_has_no_mistake() -> None:
    assert mistakes(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "says"),
    [
        ('title = "Example"', "title = ", 1, "file", "not TOML"),
        ('title = "Example"', "title = 1", 1, "title", "not a text"),
        ('title = "Example"', 'heading = "Example"', 1, "heading", "Keys: title"),
        ('["files"]', '["film"]', 2, "categories", "accounting"),
        ("2026-11-29", '"2026-11-29"', 3, "checked", "not a date"),
        ('console = "https:', 'console = "http:', 4, "console", "no https URL"),
        ('hosts = ["{shop}.', 'hosts = ["{store}.', 7, "hosts", "Names: shop, api_domain"),
        ('= ["read"]', '= ["write"]', 8, "default_scopes", "not in the table"),
        ('example = "acme"', 'example = "ACME"', 13, "inputs.shop.example", "its own rules"),
        ('example = "acme"', 'sample = "acme"', 13, "inputs.shop.sample", "example"),
        ('pattern = "[a-z]+"', 'pattern = "["', 14, "inputs.shop.pattern", "regular expression"),
        ('read = "Read everything."', 'read = ""', 17, "scopes.read", "one line"),
        ('pkce = "off"', 'pkce = "no"', 23, "settings.pkce", "S256, plain, off"),
        ('pkce = "off"', "pkcee = 1", 23, "settings.pkcee", "authorize_uri"),
        ('pkce = "off"', "identity = {}", 23, "settings.identity", "[identity]"),
        ('{shop}.example.com/token"', '{shop}/x y"', 21, "settings.token_uri", "blank"),
        (
            '"https://{shop}.example.com/token"',
            '"http://a.example/"',
            21,
            "settings.token_uri",
            "https",
        ),
        ("{now}", "{noon}", 24, "settings.token_parameters", "Names: shop"),
        ("allowed_values = {", "# {", 26, "settings.response.allowed_values", "no allowed values"),
        ('next = "Do', 'then = "Do', 33, "traps.0.then", "next"),
    ],
)
def test_a_mistake_has_its_line_its_field_and_what_is_allowed(
    old: str, new: str, line: int, field: str, says: str
) -> None:
    assert old in GOOD

    found = mistakes(GOOD.replace(old, new, 1))

    assert [(each.line, each.field) for each in found if field == each.field] == [(line, field)]
    assert says in next(f"{each.message} {each.hint}" for each in found if each.field == field)


def test_several_mistakes_are_told_at_once() -> None:
    text = GOOD.replace("[[traps]]", "[[trap]]").replace("2026-11-29", "1").replace('"off"', "0")

    assert {each.field for each in mistakes(text)} == {"trap", "checked", "settings.pkce"}


def test_a_missing_key_is_named() -> None:
    assert "console is missing" in mistakes(GOOD.replace("console =", "#"))[0].message


def test_a_base_that_is_not_there_is_told_at_its_line() -> None:
    found = mistakes('based_on = "nobody"\n')

    assert (found[0].line, found[0].field) == (1, "based_on")


def test_entries_are_not_based_on_each_other_for_ever() -> None:
    text = 'based_on = "itself"\n'

    with pytest.raises(ConfigurationError, match="too often"):
        parse_profile("itself", text, base=lambda _: text)


def test_an_entry_that_cannot_be_read_says_where_it_is_wrong() -> None:
    with pytest.raises(ConfigurationError, match=r"example, line 23, settings.pkce"):
        parse_profile("example", GOOD.replace('"off"', '"no"'), base=entry_text)


def test_an_entry_whose_documentation_was_not_read_again_says_no_day() -> None:
    assert mistakes(GOOD.replace("checked = 2026-11-29\n", "")) == []

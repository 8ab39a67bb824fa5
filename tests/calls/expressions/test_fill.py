"""Texts with expressions, filled in."""

from decimal import Decimal
from typing import Any

import pytest

from grantline.calls.expressions import (
    ExpressionFailed,
    Reference,
    check_condition,
    check_expression,
    fill,
    fill_header,
    fill_json,
    fill_text,
    is_true,
    references,
)

BIG = 2**200
LONG = Decimal("1.12345678901234567890")
NAMES: dict[str, Any] = {
    "1": {
        "status": 200,
        "headers": {"content-type": "text/plain"},
        "data": {"items": [{"id": 7}, {"id": BIG}], "price": LONG, "no": None, "yes": True},
    },
    "12": {"data": "twelve", "text": 'say "hi"\n'},
    "vars": {"token": "t", "which": 1, "key": "id"},
    "input": {"since": "2026-01-01"},
    "run": {"id": "srn_1"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ 1.data.items[0].id }}", 7),
        ("{{1.data.items[1].id}}", BIG),
        ("{{ 1.data.items[-1].id }}", BIG),
        ("{{ 1.data.items.0.id }}", 7),
        ("{{ 1['data']['items'][0]['id'] }}", 7),
        ("{{ 1.data.items[vars.which][vars.key] }}", BIG),
        ("{{ 1.data.price }}", LONG),
        ("{{ 1.data.no }}", None),
        ("{{ 1.data.yes }}", True),
        ("{{ 1.data.items }}", [{"id": 7}, {"id": BIG}]),
        ("{{ 12.data }}", "twelve"),
        ('{{ 1.headers["content-type"] }}', "text/plain"),
        ("{{ 1 }}", 1),
        ("{{ 1.5 }}", 1.5),
        ("{{ 12.50 }}", 12.5),
        ("{{ '1.data' }}", "1.data"),
        (" {{ 1.status }}\n", 200),
    ],
)
def test_a_text_that_is_one_expression_gives_its_own_type(text: str, value: Any) -> None:
    filled = fill(text, NAMES)

    assert filled == value
    assert type(filled) is type(value)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("no expression { here }}", "no expression { here }}"),
        ("id {{ 1.data.items[0].id }}.", "id 7."),
        ("{{ 1.status }}{{ vars.token }}", "200t"),
        ("{{ 1.data.price }} each", "1.12345678901234567890 each"),
        ("{{ 1.data.yes }}/{{ 1.data.no }}", "true/null"),
        ("is {{ [1, 'a', {'b': 1.5}] }}", 'is [1, "a", {"b": 1.5}]'),
        ('{{ "{{" }} is how it begins', "{{ is how it begins"),
        ("{{ '}}' }}{{ '{%' }}", "}}{%"),
        ('{"a":{"b":{{ 1.status }}}}', '{"a":{"b":200}}'),
        ("{# stays #}", "{# stays #}"),
        ("\N{SNOWMAN} {{ vars.token }} \N{SNOWMAN}", "\N{SNOWMAN} t \N{SNOWMAN}"),
    ],
)
def test_inside_a_text_values_are_written_as_json_writes_them(text: str, filled: str) -> None:
    assert fill(text, NAMES) == filled
    assert fill_text(text, NAMES) == filled


def test_fill_text_always_gives_a_text() -> None:
    assert fill_text("{{ 1.status }}", NAMES) == "200"
    assert fill_text(" {{ 1.data.items }}", NAMES).startswith(' [{"id": 7}')


def test_json_is_filled_in_text_by_text_and_its_names_stay() -> None:
    given = {"{{ 1.status }}": ["{{ 1.status }}", "a {{ 12.text }}", 3, None, {"x": "plain"}]}

    filled = fill_json(given, NAMES)

    assert filled == {"{{ 1.status }}": [200, 'a say "hi"\n', 3, None, {"x": "plain"}]}


def test_an_error_in_json_names_the_place() -> None:
    with pytest.raises(ExpressionFailed) as caught:
        fill_json({"items": [{"odd key": "ok {{ 1.nope }}"}]}, NAMES)

    assert caught.value.field == 'items[0]["odd key"]'
    assert caught.value.column == 9


@pytest.mark.parametrize("end", ["\n", "\r", "\0"])
def test_no_value_ends_a_header(end: str) -> None:
    with pytest.raises(ExpressionFailed, match="would end the header"):
        fill_header("Bearer {{ vars.token }}", {"vars": {"token": f"a{end}b"}})

    assert fill_header("Bearer {{ vars.token }}", NAMES) == "Bearer t"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("", True),
        ("  ", True),
        ("{{ 1.status == 200 }}", True),
        ("{{ 1.status > 200 }}", False),
        ("{{ 1.data.no }}", False),
        ("{{ 1.data.items }}", True),
        ("{{ 1.data.nope is defined }}", False),
    ],
)
def test_a_condition_holds(condition: str, holds: object) -> None:
    assert is_true(condition, NAMES) is holds
    check_condition(condition)


@pytest.mark.parametrize("text", ["1.status == 200", "{{ 1.status }} == 200", "{{1}}{{2}}"])
def test_a_condition_is_one_expression_and_nothing_else(text: str) -> None:
    with pytest.raises(ExpressionFailed, match="one expression and nothing else"):
        is_true(text, NAMES)
    with pytest.raises(ExpressionFailed, match="one expression and nothing else"):
        check_condition(text)


def test_references_are_what_the_expressions_speak_of() -> None:
    text = "{{ 1.data.items[0].id }} {{ vars.list[12.data].x | default(input.since) }} '1.data'"

    assert references(text) == (
        Reference(root="1", path=("data", "items", 0, "id"), offset=3),
        Reference(root="vars", path=("list",), offset=28),
        Reference(root="12", path=("data",), offset=38),
        Reference(root="input", path=("since",), offset=59),
    )
    assert references("{{ 1.5 + 2 }} 1.data") == ()


def test_checking_asks_for_no_names() -> None:
    check_expression("{{ 7.whatever }} and text")
    with pytest.raises(ExpressionFailed, match="no filter named"):
        check_expression("{{ 1.data | nope }}")

"""JSON with expressions: what is typed, what is kept, and where typing went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.server.pages.scenarios.modules.mapped_json import is_alone, json_text, read_json

TYPED: list[tuple[str, Any]] = [
    ("", None),
    ("  \n", None),
    ("{{ 1.n }}", "{{ 1.n }}"),
    ('"{{ 1.n }}"', "{{ 1.n }}"),
    ('{"a": {{ 1.n }}}', {"a": "{{ 1.n }}"}),
    ('{"a": {"b": {{ 1.n }}}}', {"a": {"b": "{{ 1.n }}"}}),
    ('{"a": {{ {"x": {"y": 1}} }}}', {"a": '{{ {"x": {"y": 1}} }}'}),
    ('[{{ 1["a }} b"] }}, 2]', ['{{ 1["a }} b"] }}', 2]),
    ('["id {{ 1.n }} of {{ 2.n }}"]', ["id {{ 1.n }} of {{ 2.n }}"]),
    ('["{{ 1.n | default("x") }}"]', ['{{ 1.n | default("x") }}']),
    (r'["{{ 1.n | default(\"x\") }}"]', ['{{ 1.n | default("x") }}']),
    ("[\"{{ 1['n'] }}\"]", ["{{ 1['n'] }}"]),
    (r'["a \" {{ 1.n }} \" b"]', ['a " {{ 1.n }} " b']),
    ('["only {{ an opening"]', ["only {{ an opening"]),
    ('["{{ ", "}}"]', ["{{ ", "}}"]),
    ('["é", 1.5, true, null, {}, []]', ["é", 1.5, True, None, {}, []]),
]


@pytest.mark.parametrize(("text", "value"), TYPED)
def test_what_is_typed_is_kept_as_structure(text: str, value: Any) -> None:
    assert read_json(text, "JSON") == value


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": }', "line 1, column 7"),
        ('{"a": {{ 1.n }},\n "b": x}', "line 2, column 7"),
        ('{"a": {{ 1.n }} x}', "line 1, column 17"),
        ('["{{ 1.n | default("x") }}" y]', "line 1, column 29"),
        ('{"a": {{ 1.n }', "line 1, column 8"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place_where_it_was_typed(
    text: str, where: str
) -> None:
    with pytest.raises(InvalidInput, match=where) as refused:
        read_json(text, "JSON")
    assert refused.value.field == "JSON"


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "[" * 100_000])
def test_what_only_looks_like_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_json(text, "JSON")


def test_a_lone_expression_is_shown_without_quotes() -> None:
    assert json_text({"a": "{{ 1.n }}", "b": "{{ 1.n }} x", "c": [1]}) == (
        '{\n  "a": {{ 1.n }},\n  "b": "{{ 1.n }} x",\n  "c": [\n    1\n  ]\n}'
    )


@pytest.mark.parametrize("text", ["{{ 1.n }}", "{{ '}}' }}", "{{}}", "{{ {1: 2} }}"])
def test_one_expression_is_alone(text: str) -> None:
    assert is_alone(text)


@pytest.mark.parametrize(
    "text", ["{{ 1.n }}{{ 2.n }}", " {{ 1.n }}", "{{", "", "{{ 1.n }} {{ 2 }}"]
)
def test_anything_more_is_not(text: str) -> None:
    assert not is_alone(text)


EXPRESSIONS = st.sampled_from(
    ["{{ 1.n }}", '{{ 1["a b"] }}', "{{ '}}' ~ \"'\" }}", "a {{ 1.n }} b", "{{ {'a': 1} }}", "{{"]
)
TEXTS = st.text(alphabet='ab"\\{} \n{}é', max_size=12) | EXPRESSIONS
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES)
def test_what_is_shown_is_read_back(value: Any) -> None:
    assert read_json(json_text(value), "JSON") == value

"""JSON as people read it, whatever a service sends."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.structures.json_outline import (
    MAX_DEPTH,
    MAX_NODES,
    MAX_VALUE,
    NodeKind,
    outline,
)

SAMPLE = '{"data":{"items":[{"id":12345678901234567890,"price":1.10,"a key":[]},{}]},"ok":true}'


def test_numbers_and_names_stay_as_they_were_sent() -> None:
    found = outline(SAMPLE)
    assert found is not None
    assert found.pretty == (
        "{\n"
        '  "data": {\n'
        '    "items": [\n'
        "      {\n"
        '        "id": 12345678901234567890,\n'
        '        "price": 1.10,\n'
        '        "a key": []\n'
        "      },\n"
        "      {}\n"
        "    ]\n"
        "  },\n"
        '  "ok": true\n'
        "}"
    )


def test_every_value_has_the_path_that_reaches_it() -> None:
    found = outline(SAMPLE)
    assert found is not None
    assert [(node.path, node.depth, node.key, node.kind, node.text) for node in found.nodes] == [
        ("", 0, "", NodeKind.OBJECT, ""),
        ("data", 1, "data", NodeKind.OBJECT, ""),
        ("data.items", 2, "items", NodeKind.ARRAY, ""),
        ("data.items[0]", 3, "0", NodeKind.OBJECT, ""),
        ("data.items[0].id", 4, "id", NodeKind.NUMBER, "12345678901234567890"),
        ("data.items[0].price", 4, "price", NodeKind.NUMBER, "1.10"),
        ('data.items[0]["a key"]', 4, "a key", NodeKind.ARRAY, ""),
        ("data.items[1]", 3, "1", NodeKind.OBJECT, ""),
        ("ok", 1, "ok", NodeKind.BOOLEAN, "true"),
    ]
    assert not any(node.cut for node in found.nodes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[1,]",
        "[,1]",
        "[1 2]",
        '{"a"}',
        '{"a":1,}',
        '{"a" 1}',
        "{1:2}",
        "[1}",
        "{]",
        "]",
        "[",
        "1 1",
        "01",
        "+1",
        ".5",
        "1.",
        "nul",
        "NaN",
        "'a'",
        '"a',
        '"\\x"',
        '"\n"',
        "\u00a01",
        ":",
    ],
)
def test_what_is_not_json_has_no_outline(text: str) -> None:
    assert outline(text) is None


def test_too_many_values_are_cut_and_said_to_be() -> None:
    found = outline("[" + "1," * MAX_NODES + "1]")
    assert found is not None
    assert found.cut
    assert len(found.nodes) == MAX_NODES
    assert found.pretty.count("1") == MAX_NODES + 1


def test_what_is_too_deep_is_one_node_and_one_line() -> None:
    depth = 100_000
    found = outline("[" * depth + "1, 2" + "]" * depth)
    assert found is not None
    assert [node.cut for node in found.nodes] == [False] * MAX_DEPTH + [True]
    assert not found.cut
    assert len(found.pretty) < 2 * depth + 10_000
    assert "[1, 2]" in found.pretty


def test_long_texts_and_long_paths_are_cut() -> None:
    found = outline(json.dumps({"a": "x" * 2000, "k" * 600: {"inner": 1}}))
    assert found is not None
    _, text, parent = found.nodes
    assert (text.text, text.cut) == ("x" * MAX_VALUE, True)
    assert (parent.kind, parent.cut) == (NodeKind.OBJECT, True)


def test_half_a_surrogate_pair_is_no_character() -> None:
    found = outline('["\\ud83d\\ude00", "\\ud800"]')
    assert found is not None
    assert [node.text for node in found.nodes[1:]] == ["\U0001f600", "\ufffd"]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(values)
def test_the_indented_text_says_the_same(value: Any) -> None:
    for dumps in (json.dumps, partial(json.dumps, ensure_ascii=False)):
        found = outline(dumps(value))
        assert found is not None
        assert found.pretty == dumps(value, indent=2)


@given(values)
def test_every_path_reaches_its_value(value: Any) -> None:
    found = outline(json.dumps(value))
    assert found is not None
    reached = [(node.path, node.depth) for node in found.nodes]
    assert len(set(reached)) == len(reached)
    for node in found.nodes:
        if node.kind is NodeKind.STRING and not node.cut:
            assert node.text in json.dumps(value, ensure_ascii=False) or not node.text.isalnum()


@given(st.text() | st.text(alphabet='[]{},:"\\ \n01.eE+-tfn').map(str))
def test_it_agrees_with_the_standard_library_on_what_is_json(text: str) -> None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        assert outline(text) is None
    else:
        assert outline(text) is not None

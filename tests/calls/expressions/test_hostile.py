"""Expressions that somebody wrote to do harm."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grantline.calls.expressions import (
    ExpressionFailed,
    check_expression,
    fill,
    fill_header,
    fill_json,
    fill_text,
    fill_url,
    is_true,
)
from grantline.calls.expressions.filters import FILTERS, TESTS
from grantline.calls.expressions.machine import MOST_WORK
from grantline.calls.structures.json_values import dump_json, load_json

BOMBS = Path(__file__).with_name("bombs.py")
NAMES: dict[str, Any] = {
    "1": {"data": {"items": [{"id": 1, "n": "x"}, {"id": 2.5}], "text": "a b", "none": None}},
    "vars": {"n": 3, "long": "x" * 1000, "exact": Decimal("0.12345678901234567890"), "big": 2**300},
    "input": {},
    "run": {"started_at": "2026-03-01T12:30:00Z"},
}


@pytest.mark.processes
def test_bombs_end_in_an_error_within_the_time_and_memory_of_a_small_process() -> None:
    """The kernel holds the clock: 20 s of processor for all of them, 700 MB."""
    done = subprocess.run([sys.executable, BOMBS], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert json.loads(done.stdout) == {"went off": [], "tried": 61}


@pytest.mark.parametrize(
    "text",
    [
        "{{ 1.data.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 1.data.items.append }}",
        "{{ 1.data.items.append(1) }}",
        "{{ 1.data.text.format }}",
        "{{ 1.data.keys() }}",
        "{{ self }}",
        "{{ self.__init__ }}",
        "{{ range(10) }}",
        "{{ d(0) }}",
        "{{ d }}",
        "{{ lipsum() }}",
        "{{ debug() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ namespace() }}",
        "{{ 1 | attr('real') }}",
        "{{ '%s' | format(1) }}",
        "{{ 1 | tojson }}",
        "{{ '/etc/passwd' | include }}",
        "{% include 'x' %}",
        "{% set x = 1 %}",
        "{%- for a in b %}",
        "{{ 1.data['__class__'] }}",
        "{{ 1.data.items[0].__dict__ }}",
        "{{ [].__class__ }}",
        "{{ (1).real }}",
        "{{ 1.data.items['append'] }}",
        "{{ run.__init__ }}",
    ],
)
def test_nothing_of_python_or_of_the_engine_is_reachable(text: str) -> None:
    with pytest.raises(ExpressionFailed):
        fill(text, NAMES)


@pytest.mark.parametrize("value", [object(), b"bytes", {1, 2}, NAMES.get, 1j])
def test_a_name_that_is_no_json_is_refused(value: Any) -> None:
    for text in ("{{ vars.it }}", "{{ vars.it ~ '' }}", "{{ vars.it | default(1) }}"):
        with pytest.raises(ExpressionFailed, match="no JSON value"):
            fill(text, {"vars": {"it": value}})
    with pytest.raises(ExpressionFailed, match="cannot be written as JSON"):
        fill_text("{{ vars.list }}", {"vars": {"list": [value]}})


def test_the_work_of_one_expression_is_bounded_and_length_is_no_work() -> None:
    names = {"vars": {"list": list(range(MOST_WORK // 30))}}

    assert fill("{{ vars.list | length }}", names) == MOST_WORK // 30
    assert fill("{{ vars.list | reverse | first }}", names) == MOST_WORK // 30 - 1
    with pytest.raises(ExpressionFailed, match="too much data"):
        fill("{{ vars.list | reverse | reverse | first }}", names)


def test_what_a_text_becomes_is_bounded_with_all_its_expressions_together() -> None:
    names = {"vars": {"text": "x" * 4_000_000}}

    assert len(fill_text("{{ vars.text }}-{{ vars.text }}", names)) == 8_000_001
    for text in ("{{ vars.text }}" * 3, "https://x.example/" + "{{ vars.text }}" * 3):
        with pytest.raises(ExpressionFailed, match="10 million characters"):
            fill_text(text, names)
        with pytest.raises(ExpressionFailed):
            fill_url(text, names)
    with pytest.raises(ExpressionFailed, match="10 million characters") as caught:
        fill_json(["{{ vars.text }}"] * 3, names)
    assert caught.value.field == "[2]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ 1.a }}" * 1001, "too many expressions"),
        ("x" * 1_000_000 + "{{ 1.a }}", "too long to hold"),
        ("{{ 'a' " + "~ 'a'" * 3000 + " }}", "too long"),
        ("{{ " + " " * 10_001 + "1 }}", "too long"),
        ("{{ " + "(" * 50 + "1" + ")" * 50 + " }}", "nested too deeply"),
        ("{{ " + "not " * 50 + "1 }}", "nested too deeply"),
    ],
)
def test_what_can_be_written_is_bounded(text: str, message: str) -> None:
    with pytest.raises(ExpressionFailed, match=message):
        check_expression(text)


WORDS = [
    *("1.data", "1.data.items", "vars.n", "vars.long", "vars.big", "vars.exact", "run.started_at"),
    *("input.x", "7.x", "'text'", '"\\u00e9\\ud800"', "''", "1", "0", "1.5", "1e300", "-1"),
    *("true", "null", "[", "]", "{", "}", "(", ")", ",", ":", ".", "|", "~", "+", "-", "*", "/"),
    *("//", "%", "**", "==", "!=", "<", ">=", "and", "or", "not", "in", "is", "is not", "if"),
    *("else", "default", "[0]", "[-1]", "[1:2]", ".id", "=", "'days'", "'id'", "'sha1'", "\n"),
    *FILTERS,
    *TESTS,
]
VALUES = st.sampled_from([
    *("1.data", "1.data.items", "vars.n", "vars.long", "vars.big", "vars.exact", "run.started_at"),
    *("null", "true", "''", "'a,b'", "[]", "{}", "[1, 'a', null]", "-3", "2.5", "1e300"),
    *("'\\ud800'", "'2026-01-31'", "'Europe/Berlin'", "'days'", "'id'", "'%Y'", "'%d%d'", "'['"),
])  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join))
def test_any_row_of_words_gives_json_or_the_one_error(row: str) -> None:
    assert_json_or_error(f"{{{{ {row} }}}}")


@settings(max_examples=600)
@given(
    VALUES,
    st.sampled_from([*(f"| {each}" for each in FILTERS), *(f"is {each}" for each in TESTS)]),
    st.lists(VALUES, max_size=3).map(", ".join),
)
def test_any_filter_of_any_value_gives_json_or_the_one_error(
    value: str, function: str, arguments: str
) -> None:
    assert_json_or_error(f"{{{{ ({value}) {function}({arguments}) }}}}")


@given(st.text() | st.text(alphabet="{}%#'\"\\ 1a.|~\n"))
def test_any_text_at_all_gives_json_or_the_one_error(text: str) -> None:
    assert_json_or_error(text)
    assert_json_or_error(f"{{{{ {text} }}}}")


def assert_json_or_error(text: str) -> None:
    for filled in (fill, fill_text, fill_url, fill_header, is_true):
        outcome = outcome_of(filled, text)
        if isinstance(outcome, ExpressionFailed):
            lines = text.split("\n")
            assert 1 <= outcome.line <= len(lines)
            assert 1 <= outcome.column <= len(lines[outcome.line - 1]) + 1
            assert "x" * 50 not in str(outcome)
        elif filled is fill:
            assert load_json(dump_json(outcome)) == outcome
        else:
            assert isinstance(outcome, str | bool)


def outcome_of(filled: Callable[[str, Mapping[str, Any]], Any], text: str) -> Any:
    try:
        return filled(text, NAMES)
    except ExpressionFailed as error:
        return error

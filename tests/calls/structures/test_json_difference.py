"""What differs between two JSON values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.structures.json_difference import (
    DEEPEST,
    LONGEST,
    Change,
    Difference,
    differences,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below) | st.dictionaries(st.text(), below), max_leaves=12
)


def changed(path: str, before: str, after: str) -> Difference:
    return Difference(path, Change.CHANGED, before, after)


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [changed("a", "1", "true")]),
        ([1], [True], [changed("[0]", "1", "true")]),
        ({"a": None}, {}, [Difference("a", Change.REMOVED, before="null")]),
        ({}, {"a": {"b": 1}}, [Difference("a", Change.ADDED, after='{"b": 1}')]),
        ({"a": {"b": 1}}, {"a": [1]}, [changed("a", '{"b": 1}', "[1]")]),
        ({"a b": {"ü": 1}}, {"a b": {"ü": 2}}, [changed('["a b"]["ü"]', "1", "2")]),
        (1, "1", [changed("", "1", '"1"')]),
        ([1, 2, 3], [1, 9, 2, 3], [Difference("[1]", Change.ADDED, after="9")]),
        ([1, 2, 3], [1, 3], [Difference("[1]", Change.REMOVED, before="2")]),
        ([1, 2, 3], [1, 5, 3], [changed("[1]", "2", "5")]),
        (
            [{"id": 1, "n": 1}, {"id": 2, "n": 2}, {"id": 3}],
            [{"id": 2, "n": 9}, {"id": 1, "n": 1}, {"id": 4}],
            [
                changed("[0].n", "2", "9"),
                Difference("[2]", Change.REMOVED, before='{"id": 3}'),
                Difference("[2]", Change.ADDED, after='{"id": 4}'),
            ],
        ),
        (
            [{"id": 1, "n": 1}, {"id": 1, "n": 2}],
            [{"id": 1, "n": 5}, {"id": 1, "n": 6}],
            [changed("[0].n", "1", "5"), changed("[1].n", "2", "6")],
        ),
    ],
)
def test_each_value_that_differs_is_told_by_its_path(
    before: Any, after: Any, found: list[Difference]
) -> None:
    assert list(differences(before, after).rows) == found


@given(VALUES)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert differences(value, json.loads(json.dumps(value))).rows == ()


@given(VALUES, VALUES)
def test_what_differs_one_way_differs_the_other_way(one: Any, other: Any) -> None:
    there, back = differences(one, other), differences(other, one)
    assert bool(there.rows) == bool(back.rows)
    if not there.is_cut and not back.is_cut:
        assert len(there.rows) == len(back.rows)


def test_long_values_and_many_differences_are_cut() -> None:
    (row,) = differences("", "x" * 10_000).rows
    assert len(row.after) == LONGEST + 1
    many = differences(list(range(1000)), list(range(1000, 2000)), most=7)
    assert len(many.rows) == 7
    assert many.is_cut


def test_what_is_nested_too_deep_is_compared_as_a_whole() -> None:
    one: Any = 1
    other: Any = 2
    for _ in range(DEEPEST + 20):
        one, other = [one], [other]
    (row,) = differences(one, other).rows
    assert row.path == "[0]" * DEEPEST

"""Places in a structure."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.structures.paths import MISSING, at_path, parse_path, with_value
from grantline.errors import InvalidInput

DATA = {"data": {"items": [{"id": 1}, {"id": 2}], "a.b": 3}, "@id": "x", "": 4}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", DATA),
        ("$", DATA),
        ("data.items[0].id", 1),
        ("$.data.items[-1]['id']", None),
        ('data["a.b"]', 3),
        ('[""]', 4),
        ("@id", "x"),
        ("data.items[2]", MISSING),
        ("data.items.id", MISSING),
        ("data[0]", MISSING),
        ("nothing.at.all", MISSING),
    ],
)
def test_a_path_leads_to_a_place_or_nowhere(path: str, found: Any) -> None:
    if found is None:
        with pytest.raises(InvalidInput):
            parse_path(path, field="items")
    else:
        assert at_path(DATA, parse_path(path, field="items")) == found


@pytest.mark.parametrize("path", ["a..b", "a[", "a[x]", "a]", "[1", "a.", ".", ".a" * 501])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_path(path, field="items")
    assert caught.value.field == "items"


def test_a_value_is_put_into_a_copy() -> None:
    old = {"variables": {"first": 5}, "list": [{"a": 1}]}
    steps = parse_path("variables.after", field="x")
    assert with_value(old, steps, "c", field="x")["variables"] == {"first": 5, "after": "c"}
    assert with_value(None, steps, "c", field="x") == {"variables": {"after": "c"}}
    nested = with_value(old, parse_path("list[0].a", field="x"), 2, field="x")
    assert nested == {"variables": {"first": 5}, "list": [{"a": 2}]}
    assert old == {"variables": {"first": 5}, "list": [{"a": 1}]}


@pytest.mark.parametrize("path", ["list[1]", "list.a", "text.a", "text[0]"])
def test_there_may_be_no_such_place(path: str) -> None:
    with pytest.raises(InvalidInput):
        with_value({"list": [1], "text": "x"}, parse_path(path, field="x"), 2, field="x")


@given(st.text(alphabet='abc.[]"$-019'), st.recursive(st.none(), st.lists))
def test_any_text_is_a_path_or_an_error_of_ours(path: str, value: Any) -> None:
    try:
        steps = parse_path(path, field="x")
    except InvalidInput:
        return
    at_path(value, steps)

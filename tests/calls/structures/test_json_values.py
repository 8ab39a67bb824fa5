"""JSON with every digit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.structures.json_values import dump_json, load_json
from grantline.errors import LimitExceeded

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | DECIMALS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12345678901234567890123", 12345678901234567890123),
        ("0.1", 0.1),
        ("1e3", 1000.0),
        ("0.10000000000000000001", Decimal("0.10000000000000000001")),
        ("1E400", Decimal("1E400")),
        ("-0.0", -0.0),
    ],
)
def test_numbers_are_what_was_written(text: str, value: Any) -> None:
    found = load_json(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("leaf", [1, Decimal("0.10000000000000000001")])
def test_what_is_too_deep_to_be_written_is_an_error_of_ours(leaf: object) -> None:
    value = leaf
    for _ in range(5000):
        value = [value]
    with pytest.raises(LimitExceeded):
        dump_json(value)


@pytest.mark.parametrize("text", ["", "{", "NaN", "[Infinity]", "[" * 100_000, "1" * 5000])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_json(text)


def exact(value: Any) -> Any:
    """``value`` with every float as the decimal that it is written as."""
    match value:
        case list():
            return [exact(each) for each in value]
        case dict():
            return {name: exact(each) for name, each in value.items()}
        case float():
            return Decimal(repr(value))
        case _:
            return value


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert exact(load_json(dump_json(value))) == value

"""Repeated names in the four styles that services read."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.query import ArrayStyle, Pairs, encode_query

IDS: Pairs = (("id", "1"), ("q", "a b"), ("id", "2,3"))


@pytest.mark.parametrize(
    ("style", "query"),
    [
        (ArrayStyle.REPEAT, "id=1&q=a+b&id=2%2C3"),
        (ArrayStyle.BRACKETS, "id%5B%5D=1&q=a+b&id%5B%5D=2%2C3"),
        (ArrayStyle.INDEXED, "id%5B0%5D=1&q=a+b&id%5B1%5D=2%2C3"),
        (ArrayStyle.COMMA, "id=1,2%2C3&q=a+b"),
    ],
)
def test_a_repeated_name_is_written_in_the_style_that_was_chosen(
    style: ArrayStyle, query: str
) -> None:
    assert encode_query(IDS, style) == query


@pytest.mark.parametrize("style", ArrayStyle)
def test_a_name_that_occurs_once_is_no_array(style: ArrayStyle) -> None:
    assert encode_query((("a", "1"), ("b[]", "")), style) == "a=1&b%5B%5D="


@given(st.lists(st.tuples(st.text(), st.text())).map(tuple), st.sampled_from(ArrayStyle))
def test_no_value_is_lost_in_any_style(pairs: Pairs, style: ArrayStyle) -> None:
    query = encode_query(pairs, style)
    read = [value for _, value in parse_qsl(query, keep_blank_values=True)]
    if style is ArrayStyle.COMMA:
        assert ",".join(read).count(",") == max(0, ",".join(v for _, v in pairs).count(","))
    else:
        assert read == [value for _, value in pairs]

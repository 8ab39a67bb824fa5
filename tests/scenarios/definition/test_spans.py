from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import InvalidInput
from grantline.scenarios.definition.spans import parse_span, span_words


@given(st.timedeltas(timedelta(0)))
def test_a_span_comes_back_to_the_microsecond(span: timedelta) -> None:
    assert parse_span(span_words(span), field="after") == span


@pytest.mark.parametrize(
    ("text", "span", "words"),
    [
        ("0", timedelta(0), "0 s"),
        ("90", timedelta(seconds=90), "1 min 30 s"),
        ("1.5", timedelta(milliseconds=1500), "1.5 s"),
        ("10min", timedelta(minutes=10), "10 min"),
        ("10 Minutes", timedelta(minutes=10), "10 min"),
        ("5m", timedelta(minutes=5), "5 min"),
        ("2 days", timedelta(days=2), "2 d"),
        ("1h30min", timedelta(minutes=90), "1 h 30 min"),
        ("1.5 h", timedelta(minutes=90), "1 h 30 min"),
        ("250 ms", timedelta(milliseconds=250), "0.25 s"),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, span: timedelta, words: str) -> None:
    assert parse_span(text, field="after") == span
    assert span_words(span) == words


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "min",
        "-1 s",
        "1 fortnight",
        "1 2",
        "5 s 3",
        "1,5 s",
        "1..5 s",
        "9" * 12 + " d",
        "1e3",
    ],
)
def test_what_is_no_span_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidInput, match="10 min") as caught:
        parse_span(text, field="after")
    assert caught.value.field == "after"

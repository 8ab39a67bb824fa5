"""Times and text in words."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.cli import words
from grantline.errors import InvalidInput
from grantline.oauth.token_set import Warn

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (90, "2 min"),
        (42 * 60 + 7, "42 min"),
        (3600 - 2, "1 h"),
        (3900, "1 h 5 min"),
        (86_400 * 2 + 3600 * 3, "2 d 3 h"),
        (86_400 * 40, "40 d"),
    ],
)
def test_spans(seconds: int, said: str) -> None:
    assert words.span(timedelta(seconds=seconds)) == said


def test_instants_are_relative_and_exact() -> None:
    assert words.relative(NOW + timedelta(minutes=42), NOW) == "in 42 min"
    assert words.relative(NOW - timedelta(hours=3), NOW) == "3 h ago"
    assert words.when(None, NOW) == "never"
    assert words.when(NOW, NOW).startswith("0 s ago (20")
    assert words.utc(NOW) == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1d", 86_400)]
)
def test_spans_are_read(text: str, seconds: int) -> None:
    assert words.parse_span(text, field="x") == timedelta(seconds=seconds)


@given(st.text(max_size=12))
def test_reading_a_span_gives_one_or_says_no(text: str) -> None:
    with suppress(InvalidInput):
        assert words.parse_span(text, field="x") >= timedelta(0)


@given(st.text())
def test_nothing_printable_moves_a_cursor(text: str) -> None:
    shown = words.printable(text)

    assert len(shown) == len(text)
    assert not set(shown) & {"\x1b", "\r", "\x00", "\x9b", "\u202e", "\u200b"}


def test_every_warning_has_words() -> None:
    assert set(words.WARNINGS) == set(Warn)

"""Times, sizes and monograms in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grantline.server.attempts import MOST_KEYS, Attempts
from grantline.server.templating import duration, exact, monogram, relative, size

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=3), "now"),
        (timedelta(seconds=-3), "now"),
        (timedelta(minutes=42), "in 42 min"),
        (timedelta(seconds=-75), "75 s ago"),
        (timedelta(hours=-5), "5 h ago"),
        (timedelta(days=3), "in 3 days"),
        (timedelta(days=-90), "3 months ago"),
        (timedelta(days=4000), "in 11 years"),
    ],
)
def test_an_instant_is_told_from_here(span: timedelta, words: str) -> None:
    assert relative(NOW + span, NOW) == words


def test_an_instant_is_told_in_full_on_asking() -> None:
    assert exact(NOW) == "5 March 2026, 12:00:00 UTC"


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (2_345_678, "2.3 MB")]
)
def test_a_size_is_told_in_its_unit(count: int, words: str) -> None:
    assert size(count) == words


@pytest.mark.parametrize(
    ("span", "words"),
    [(timedelta(milliseconds=42), "42 ms"), (timedelta(seconds=1.25), "1.2 s")],
)
def test_a_duration_is_told_in_its_unit(span: timedelta, words: str) -> None:
    assert duration(span) == words


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Google Drive", "GD"), ("dropbox", "DR"), ("x", "X"), ("", "?"), ("- _", "?")],
)
def test_a_monogram_is_one_or_two_letters(name: str, letters: str) -> None:
    assert monogram(name) == letters


def test_attempts_are_counted_by_key_and_forgotten_in_time() -> None:
    attempts = Attempts(most=2, span=timedelta(minutes=10))
    attempts.count("a", NOW)
    attempts.count("a", NOW + timedelta(minutes=4))

    assert attempts.wait("a", NOW + timedelta(minutes=5)) == timedelta(minutes=5)
    assert attempts.wait("b", NOW) == timedelta()
    assert attempts.wait("a", NOW + timedelta(minutes=10)) == timedelta()


def test_attempts_of_many_keys_take_bounded_memory() -> None:
    attempts = Attempts(most=1, span=timedelta(minutes=10))
    for number in range(MOST_KEYS + 1):
        attempts.count(str(number), NOW)

    assert attempts.wait("0", NOW) == timedelta()
    assert attempts.wait("1", NOW) == timedelta(minutes=10)

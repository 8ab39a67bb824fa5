"""How long to wait, in every spelling that services use."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.attempts.when import LONGEST, parse_when

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
EPOCH = NOW.timestamp()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("0.65", 0.65),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),
        ("Sun Mar  1 12:00:30 2026", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        (str(int(EPOCH + 90)), 90),
        (str(int(EPOCH * 1000 + 1500)), 1.5),
        (str(int(EPOCH - 90)), 0),
        ("2026-03-01T12:01:00Z", 60),
        ("2026-03-01T14:01:00+02:00", 60),
        ("2026-03-01 12:01:00", 60),
        ("34.5s", 34.5),
        ("6m0s", 360),
        ("1h2m3s", 3723),
        ("250ms", 0.25),
        ("1s500ms", 1.5),
    ],
)
def test_every_spelling_gives_a_span(text: str, seconds: float) -> None:
    found = parse_when(text, now=NOW)
    assert found is not None
    assert found.total_seconds() == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(
    "text", ["", "soon", "-5", "1e9", "9" * 20, "9" * 200, "9999-01-01T00:00:00Z", "40000h", "٣"]
)
def test_what_names_no_time_gives_none(text: str) -> None:
    assert parse_when(text, now=NOW) is None


@given(st.one_of(st.text(), st.from_regex(r"[0-9.:TZhms+-]{0,30}"), st.datetimes().map(str)))
def test_any_text_gives_a_bounded_span_or_none(text: str) -> None:
    found = parse_when(text, now=NOW)
    assert found is None or timedelta(0) <= found <= LONGEST

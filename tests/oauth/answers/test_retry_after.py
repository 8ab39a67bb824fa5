from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.messages import HttpResponse
from grantline.oauth.answers.retry_after import LONGEST_WAIT, parse_http_date, retry_after

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("999999", 21600),
        ("9" * 5000, None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Mon, 23 Nov 2026 00:01:00 GMT", 60),
        ("Monday, 23-Nov-26 00:01:00 GMT", 60),
        ("Mon Nov 23 00:01:00 2026", 60),
        ("Mon, 23 Nov 2020 00:01:00 GMT", 0),
        ("Mon, 23 Nov 2099 00:01:00 GMT", 21600),
    ],
)
def test_the_wait_is_what_the_header_says_within_six_hours(
    value: str, seconds: float | None
) -> None:
    wait = retry_after(HttpResponse(503, (("retry-after", value),)), now=NOW)
    assert (wait.total_seconds() if wait is not None else None) == seconds


@given(st.text())
def test_no_header_breaks_it(value: str) -> None:
    wait = retry_after(HttpResponse(503, (("retry-after", value),)), now=NOW)
    assert wait is None or wait <= LONGEST_WAIT
    parse_http_date(value)

"""An answer as a person reads it, whatever a service sends."""

import gzip
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.answers.response import NotJson, Response
from grantline.calls.attempts.limiter import Limiter
from grantline.calls.attempts.retry import RetryPolicy, next_attempt
from grantline.errors import UpstreamError
from grantline.messages import Headers

NOW = datetime(2026, 3, 1, tzinfo=UTC)
URL = "https://api.example/x"

NAMES = st.sampled_from(
    ["content-type", "set-cookie", "retry-after", "link", "x-ratelimit-remaining", "ratelimit", "x"]
)
VALUES = st.text() | st.sampled_from(
    ["application/json", "text/xml; charset=utf-16", "text/csv", "text/plain; charset=\udcff", "0"]
)
BODIES = (
    st.binary()
    | st.text().map(lambda text: text.encode("utf-8", "replace"))
    | st.text(alphabet='{}[]",:0123456789.eE+-<>/a\n&;').map(str.encode)
)
HEADERS = st.lists(st.tuples(NAMES, VALUES)).map(tuple)


@given(BODIES, HEADERS, st.integers(100, 599))
def test_no_answer_can_make_reading_it_fail(content: bytes, headers: Headers, status: int) -> None:
    found = Response(status=status, headers=headers, content=content, url=URL)
    assert isinstance(found.text, str)
    assert isinstance(found.headers_by_name, dict)
    assert isinstance(found.cookies, dict)
    assert found.size_bytes == len(content)
    assert isinstance(found.failure(), UpstreamError)
    assert found.data is None or content
    with suppress(NotJson):
        found.json()
    decision = next_attempt(
        RetryPolicy(), found, method="GET", made=1, spent=timedelta(0), now=NOW, randomness=0.5
    )
    assert decision.reason
    limiter = Limiter()
    limiter.learn("/x", headers, NOW)
    assert limiter.take("/x", NOW) >= timedelta(0)


@pytest.mark.parametrize(
    ("set_cookies", "cookies"),
    [
        ((), {}),
        (("a=1; Path=/", " b = 2 ;Secure"), {"a": "1", "b": "2"}),
        (("a=1=2", "nothing", "a=3"), {"a": "3"}),
    ],
)
def test_the_cookies_of_an_answer_are_names_and_values(
    set_cookies: tuple[str, ...], cookies: dict[str, str]
) -> None:
    headers = tuple(("set-cookie", value) for value in set_cookies)
    assert Response(status=200, headers=headers, content=b"", url=URL).cookies == cookies


def test_what_is_called_json_and_is_none_is_an_error_of_ours() -> None:
    coded = gzip.compress(b"{}")
    with pytest.raises(NotJson):
        Response(status=200, headers=(), content=coded, url=URL).json()

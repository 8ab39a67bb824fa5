"""Sets of statuses: what is in them, and what is none."""

import pytest

from grantline.calls.statuses import has_status, parse_statuses
from grantline.errors import InvalidInput


@pytest.mark.parametrize(
    ("words", "inside", "outside"),
    [
        (("4xx", "5XX "), [400, 499, 500, 599], [200, 399, 600]),
        (("404",), [404], [400, 405]),
        (("404", "500-504"), [404, 500, 502, 504], [499, 505]),
        ((), [], [200, 500]),
    ],
)
def test_a_status_a_class_and_a_range(
    words: tuple[str, ...], inside: list[int], outside: list[int]
) -> None:
    statuses = parse_statuses(words, field="fail_on")
    assert [each for each in inside + outside if has_status(statuses, each)] == inside


@pytest.mark.parametrize("word", ["", "6xx", "40", "4x", "4000", "504-500", "x", "404 405", "٤04"])
def test_what_is_no_status_is_refused(word: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_statuses((word,), field="fail_on")
    assert caught.value.field == "fail_on"
    assert not has_status((word,), 404)

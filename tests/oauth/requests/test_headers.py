import pytest

from grantline.errors import InvalidInput
from grantline.messages import Headers
from grantline.oauth.requests.headers import RESERVED, with_custom_headers


def test_a_custom_header_replaces_ours_of_that_name() -> None:
    own = (("Accept", "application/json"), ("User-Agent", "grantline/x"))
    assert with_custom_headers(own, (("accept", "*/*"), ("X-Version", "2"))) == (
        ("User-Agent", "grantline/x"),
        ("accept", "*/*"),
        ("X-Version", "2"),
    )


@pytest.mark.parametrize(
    "custom",
    [
        (("X-A: b\r\nX-C", "1"),),
        (("", "1"),),
        (("X A", "1"),),
        (("X-Ä", "1"),),
        (("X-A", "1\r\nX-B: 2"),),
        (("X-A", "1\n"),),
        (("X-A", "\x00"),),
        (("X-A", " 1"),),
        (("X-A", "é"),),
        (("X-A", "1"), ("x-a", "2")),
    ],
)
def test_what_is_not_one_header_is_refused(custom: Headers) -> None:
    with pytest.raises(InvalidInput) as caught:
        with_custom_headers((), custom)
    assert caught.value.field == "Custom headers"


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_framing_headers_are_not_for_people_to_set(name: str) -> None:
    with pytest.raises(InvalidInput, match="sets itself"):
        with_custom_headers((), ((name.title(), "1"),))


@pytest.mark.parametrize("value", ["", "x", "a b\tc", 'W/"1"'])
def test_ordinary_values_pass(value: str) -> None:
    assert with_custom_headers((), (("X-A", value),)) == (("X-A", value),)

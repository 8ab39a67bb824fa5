"""URLs with expressions: values stay where they were put."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.expressions import ExpressionFailed, fill_url

NASTY = st.one_of(
    st.text(max_size=20),
    st.text(alphabet="/\\.?#&=+%:@;{}[] \t\r\n\0aZ9", max_size=12),
    st.sampled_from(["..", ".", "%2e%2e", "a/../b", "//evil.example", "a&admin=1", "#x", "?x=1"]),
    st.integers(),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("text", "value", "url"),
    [
        ("https://x.example/items/{{ vars.a }}", "a/b c", "https://x.example/items/a%2Fb%20c"),
        ("https://x.example/{{ vars.a }}/end", 2**70, f"https://x.example/{2**70}/end"),
        ("https://x.example/a-{{ vars.a }}.json", "..", "https://x.example/a-...json"),
        ("https://x.example/?q={{ vars.a }}&p=1", "1+1=2&x#y", "https://x.example/?q=1%2B1%3D2%26x%23y&p=1"),
        ("https://x.example?{{ vars.a }}=1", "a=b", "https://x.example?a%3Db=1"),
        ("https://x.example/?q={{ vars.a }}", "", "https://x.example/?q="),
        ("https://x.example/#{{ vars.a }}", "a#b/c", "https://x.example/#a%23b%2Fc"),
        ("/relative/{{ vars.a }}", "/b", "/relative/%2Fb"),
        ("items/{{ vars.a }}", True, "items/true"),
        ("{{ vars.a }}", "https://y.example/p?q=1", "https://y.example/p?q=1"),
        (" {{ vars.a }}\n", "https://y.example/", "https://y.example/"),
        ("{{ vars.a }}/more", "https://y.example/v1", "https://y.example/v1/more"),
        ("{{ vars.a }}&limit={{ vars.a | length }}", "https://y.example/?q=1", "https://y.example/?q=1&limit=22"),
        ("https://{{ vars.a }}/x", "y.example:8443", "https://y.example:8443/x"),
        ("https://{{ vars.a }}.example.com/x", "eu-1", "https://eu-1.example.com/x"),
        ("https://x.example/{{ '{{' }}", "", "https://x.example/%7B%7B"),
        ("https://x.example/plain", "", "https://x.example/plain"),
    ],
)  # fmt: skip
def test_each_value_is_encoded_for_its_place(text: str, value: Any, url: str) -> None:
    assert fill_url(text, {"vars": {"a": value}}) == url


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("{{ vars.a }}", "/items", "must be a whole URL"),
        ("{{ vars.a }}", "javascript:alert(1)", "must be a whole URL"),
        ("{{ vars.a }}/x", "https://u:p@x.example", "must be a whole URL"),
        ("https://{{ vars.a }}/x", "evil.example/", "no host name"),
        ("https://{{ vars.a }}.example.com/", "evil.example:80", "no host name"),
        ("https://x.example{{ vars.a }}/", "@evil.example", "no host name"),
        ("https://x.example/a/{{ vars.a }}/b", "..", "dots only"),
        ("https://x.example/a/{{ vars.a }}", ".", "dots only"),
        ("https://x.example/a/.{{ vars.a }}/b", ".", "dots only"),
        ("https://x.example/a/%2e{{ vars.a }}?x", ".", "dots only"),
        ("https://x.example/a/{{ vars.a }}", "", "would be nothing"),
        ("a/{{ vars.a }}", "", "would be nothing"),
        ("https://x.example/a/{{ vars.a }}", None, "is null; a URL takes"),
        ("https://x.example/a?q={{ vars.a }}", [1], "is a list of 1"),
        ("https://x.example/{{ vars.a }}", "\ud800", "no Unicode text"),
    ],
)
def test_a_value_that_does_not_fit_its_place_is_refused(
    text: str, value: Any, message: str
) -> None:
    with pytest.raises(ExpressionFailed, match=message) as caught:
        fill_url(text, {"vars": {"a": value}})

    assert (caught.value.line, caught.value.column) == (1, text.index("vars") + 1)


@given(NASTY, NASTY, NASTY)
def test_whatever_the_values_the_url_keeps_its_shape(one: Any, two: Any, three: Any) -> None:
    names = {"vars": {"one": one, "two": two, "three": three}}
    path, query = "a/{{ vars.one }}/b/pre-{{ vars.two }}", "q={{ vars.three }}&z={{ vars.one }}"
    text = f"https://x.example/{path}?{query}"
    try:
        url = fill_url(text, names)
    except ExpressionFailed:
        assert one in {"", ".", ".."} or any(
            "\ud800" <= c <= "\udfff" for c in f"{one}{two}{three}"
        )
        return

    split = urlsplit(url)
    written = [
        str(each).lower() if isinstance(each, bool) else str(each) for each in (one, two, three)
    ]

    assert (split.scheme, split.netloc, split.fragment) == ("https", "x.example", "")
    assert [unquote(each) for each in split.path.split("/")] == [
        "",
        "a",
        written[0],
        "b",
        f"pre-{written[1]}",
    ]
    assert parse_qsl(split.query, keep_blank_values=True) == [("q", written[2]), ("z", written[0])]

"""Link headers as RFC 8288 has them, and as services write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.paging.link_header import Link, next_link, parse_links

NEXT = "https://api.example/x?page=2"


@pytest.mark.parametrize(
    "value",
    [
        f'<{NEXT}>; rel="next"',
        f"<{NEXT}>;rel=next",
        f'<{NEXT}>; rel="next", <https://api.example/x?page=9>; rel="last"',
        f'<https://api.example/x>; rel="prev", <{NEXT}>; rel="next"',
        f'<{NEXT}>; REL="NEXT"',
        f'<{NEXT}>; rel="prefetch next"',
        f'<{NEXT}>; title="a; rel=\\"last\\", b"; rel=next',
        f'<{NEXT}>; title="one, two"; rel="next"; rel="last"',
        f"  ,, <{NEXT}> ; rel = next ;x",
        f'<https://other.example/>; rel="next"; anchor="#a", <{NEXT}>; rel="next"',
    ],
)
def test_the_next_page_is_found(value: str) -> None:
    assert next_link([value]) == NEXT


def test_several_headers_are_one_list() -> None:
    assert next_link(["<a>; rel=prev", "<b,c>; rel=next"]) == "b,c"
    assert parse_links(["<a>, <b>; rel=x"]) == (Link("a", ()), Link("b", ("x",)))


@pytest.mark.parametrize(
    "value",
    ["", NEXT, f"<{NEXT}>", f'<{NEXT}>; rel="last"', f"<{NEXT}; rel=next", "<a>; rel=nextt"],
)
def test_where_there_is_none_there_is_none(value: str) -> None:
    assert next_link([value]) is None


@given(st.one_of(st.text(), st.text(alphabet='<>;=," \\relnxt')))
def test_any_value_can_be_read(value: str) -> None:
    assert all(isinstance(link.target, str) for link in parse_links([value]))

"""From page to page, played against a service that is a function."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.calls.answers.response import Response
from grantline.calls.bodies.content import Content, form_content, json_content
from grantline.calls.pagination import (
    Pagination,
    PaginationType,
    ParameterPlace,
    check_pagination,
)
from grantline.calls.paging.page_request import page_request
from grantline.calls.paging.pages import START, Position, Stop, position_from_text, turn_page
from grantline.calls.request import RequestSpec, build_request
from grantline.errors import GrantlineError, InvalidInput
from grantline.messages import HttpRequest

URL = "https://api.example/orders"
OFFSET, PAGE, NEXT_URL, TOKEN = PaginationType
Service = Callable[[HttpRequest], Response]


def answer(body: Any, *headers: tuple[str, str], url: str = URL) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=200, headers=headers, content=content, url=url)


def asked(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(request.url.partition("?")[2]))


def run(
    pagination: Pagination,
    service: Service,
    spec: RequestSpec | None = None,
    *,
    position: Position = START,
    most: int = 50,
) -> tuple[list[Any], Stop | None]:
    """Every item, and why there were no more."""
    spec = spec or RequestSpec(url=URL)
    items: list[Any] = []
    for _ in range(most):
        request = build_request(page_request(spec, pagination, position), base_url="")
        turned = turn_page(pagination, position, service(request))
        items += turned.items
        if turned.position is None:
            return items, turned.stop
        position = position_from_text(turned.position.to_text())
    return items, None


def with_offset(request: HttpRequest, *, total: int = 5, most: int = 2) -> Response:
    query = asked(request)
    start, size = int(query["offset"]), min(int(query.get("limit", most)), most)
    return answer({"items": list(range(total))[start : start + size], "total": total})


def with_pages(request: HttpRequest) -> Response:
    page = int(asked(request)["page"])
    items = [[1, 2], [3]][page - 1] if page < 3 else []
    return answer(items, ("x-total-pages", "2"))


def with_token(request: HttpRequest) -> Response:
    token = asked(request).get("cursor", "")
    items, following = {"": ([1], "a b"), "a b": ([], 7), "7": ([2], None)}[token]
    return answer({"data": items, "meta": {"next": following}}, ("X-Next", str(following or "")))


def with_links(request: HttpRequest) -> Response:
    page = int(asked(request).get("p", "1"))
    link = f'<?p={page + 1}>; rel="next"' if page < 3 else '<?p=1>; rel="first"'
    body = {"results": [page], "next": f"/orders?p={page + 1}" if page < 3 else None}
    return answer(body, ("link", link), url=request.url)


@pytest.mark.parametrize(
    ("pagination", "service", "items", "stop"),
    [
        (Pagination(type=OFFSET), with_offset, [0, 1, 2, 3, 4], Stop.EMPTY),
        (Pagination(type=OFFSET, total="total"), with_offset, [0, 1, 2, 3, 4], Stop.TOTAL),
        (Pagination(type=OFFSET, start=3), with_offset, [3, 4], Stop.EMPTY),
        # The service gives fewer than asked for, and nothing is passed over.
        (Pagination(type=OFFSET, size=100), with_offset, [0, 1, 2, 3, 4], Stop.EMPTY),
        (Pagination(type=PAGE), with_pages, [1, 2, 3], Stop.EMPTY),
        (
            Pagination(type=PAGE, total_pages="header:X-Total-Pages"),
            with_pages,
            [1, 2, 3],
            Stop.TOTAL,
        ),
        (Pagination(type=PAGE, start=2), with_pages, [3], Stop.EMPTY),
        (Pagination(type=TOKEN, next="meta.next"), with_token, [1, 2], Stop.NO_NEXT),
        (Pagination(type=TOKEN, next="header:x-next"), with_token, [1, 2], Stop.NO_NEXT),
        (Pagination(type=NEXT_URL), with_links, [1, 2, 3], Stop.NO_NEXT),
        (Pagination(type=NEXT_URL, next="next"), with_links, [1, 2, 3], Stop.NO_NEXT),
    ],
)
def test_every_item_comes_once(
    pagination: Pagination, service: Service, items: list[int], stop: Stop
) -> None:
    assert run(check_pagination(pagination), service) == (items, stop)


def test_a_service_that_knows_no_page_parameter_gives_its_list_once() -> None:
    assert run(Pagination(type=PAGE), lambda _: answer([1, 2])) == ([1, 2], Stop.REPEATED_PAGE)


def test_pages_that_are_alike_are_not_taken_for_one_where_the_answer_counts_them() -> None:
    pagination = Pagination(type=PAGE, total="total", items="items")
    found = run(pagination, lambda _: answer({"items": ["x"], "total": 3}))
    assert found == (["x"] * 3, Stop.TOTAL)


def test_a_circle_of_tokens_ends() -> None:
    following = {"": "a", "a": "b", "b": "a"}

    def service(request: HttpRequest) -> Response:
        token = asked(request).get("cursor", "")
        return answer({"items": [token], "next": following[token]})

    pagination = Pagination(type=TOKEN, next="next")
    assert run(pagination, service) == (["", "a", "b"], Stop.REPEATED_NEXT)


def test_a_link_back_to_the_first_page_ends_it() -> None:
    def service(request: HttpRequest) -> Response:
        return answer([request.url[-1]], ("link", "<?p=1>; rel=next"), url=request.url)

    found = run(Pagination(type=NEXT_URL), service, RequestSpec(url=f"{URL}?p=1"))
    assert found == (["1"], Stop.REPEATED_NEXT)


@pytest.mark.parametrize("more", [False, "false", 0, None, ""])
def test_an_answer_can_say_that_there_are_no_more(more: object) -> None:
    pagination = Pagination(type=PAGE, more="page.more")
    body = {"items": [1], "page": {"more": more}}
    assert run(pagination, lambda _: answer(body)) == ([1], Stop.NO_MORE)


def test_the_number_of_pages_has_an_end_from_which_a_run_goes_on() -> None:
    turned = turn_page(Pagination(type=PAGE), START, answer([1]), is_last=True)
    assert turned.stop is Stop.MAX_PAGES
    assert turned.position is not None
    assert turned.position.number == 2


@pytest.mark.parametrize(
    ("place", "content", "query", "headers", "body"),
    [
        (ParameterPlace.QUERY, None, "?a=1&per_page=9&page=3", {}, b""),
        (ParameterPlace.HEADER, None, "?a=1&page=0", {"page": "3", "per_page": "9"}, b""),
        (ParameterPlace.BODY, None, "?a=1&page=0", {}, b'{"per_page": 9, "page": 3}'),
        (
            ParameterPlace.BODY,
            json_content({"page": 1, "b": 2}),
            "?a=1&page=0",
            {},
            b'{"page": 3, "b": 2, "per_page": 9}',
        ),
        (
            ParameterPlace.BODY,
            form_content((("b", "2"),)),
            "?a=1&page=0",
            {},
            b"b=2&per_page=9&page=3",
        ),
    ],
)
def test_parameters_go_into_query_headers_or_body(
    place: ParameterPlace,
    content: Content | None,
    query: str,
    headers: dict[str, str],
    body: bytes,
) -> None:
    spec = RequestSpec(url=URL, query=(("a", "1"), ("page", "0")), content=content)
    pagination = Pagination(type=PAGE, size=9, place=place)
    request = build_request(page_request(spec, pagination, Position(number=3)), base_url="")
    assert request.url == URL + query
    assert {name: request.header(name) for name in headers} == headers
    assert request.body == body


def test_a_token_goes_deep_into_a_body() -> None:
    spec = RequestSpec(url=URL, content=json_content({"query": "q", "variables": {"n": 1}}))
    pagination = Pagination(
        type=TOKEN, next="x", parameter="variables.after", place=ParameterPlace.BODY
    )
    assert page_request(spec, pagination, START) == spec
    content = page_request(spec, pagination, Position(number=2, next="c")).content
    assert content is not None
    assert json.loads(content.data) == {"query": "q", "variables": {"n": 1, "after": "c"}}


def test_a_body_that_is_no_structure_takes_no_parameter() -> None:
    spec = RequestSpec(url=URL, content=Content(b"text", "text/plain"))
    with pytest.raises(InvalidInput):
        page_request(spec, Pagination(type=PAGE, place=ParameterPlace.BODY), START)


@pytest.mark.parametrize(
    ("body", "path", "items"),
    [
        ([1], "", [1]),
        ({"a": [1], "b": 2}, "", [1]),
        ({"a": [1], "results": [2]}, "", [2]),
        ({"a": {"b": [{"c": [1]}]}}, "a.b[0].c", [1]),
        ({"a": None}, "a", []),
        ({"a": {"id": 1}}, "a", [{"id": 1}]),
        (b"<a><b>1</b><b>2</b></a>", "a.b", ["1", "2"]),
        (b"id\n1\n2\n", "", None),
        (b'{"id": 1}\n{"id": 2}', "", [{"id": 1}, {"id": 2}]),
    ],
)
def test_items_are_found_at_their_path_or_where_the_only_list_is(
    body: Any, path: str, items: list[Any] | None
) -> None:
    headers = (("content-type", "text/csv"),) if items is None else ()
    turned = turn_page(Pagination(type=PAGE, items=path), START, answer(body, *headers))
    assert list(turned.items) == ([{"id": "1"}, {"id": "2"}] if items is None else items)


@pytest.mark.parametrize(
    ("body", "path"), [({"a": [1], "b": [2]}, ""), ({"a": 1}, ""), ({"a": 1}, "b"), (b"text", "")]
)
def test_where_no_list_is_the_error_says_where_lists_are(body: Any, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        turn_page(Pagination(type=PAGE, items=path), START, answer(body))
    assert caught.value.field == "items"


def test_a_later_page_without_the_list_is_an_empty_one() -> None:
    turned = turn_page(Pagination(type=PAGE, items="a"), Position(number=2), answer({}))
    assert turned.stop is Stop.EMPTY


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": TOKEN},
        {"type": PAGE, "size": 0},
        {"type": PAGE, "start": -1},
        {"type": PAGE, "max_pages": 0},
        {"type": PAGE, "items": "a["},
        {"type": PAGE, "items": "header:X["},
        {"type": PAGE, "parameter": "a..b", "place": ParameterPlace.BODY},
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        check_pagination(Pagination(**wrong))


@given(st.integers(1), st.integers(0), st.none() | st.integers() | st.text(), st.lists(st.text()))
def test_a_position_is_kept_as_text(
    number: int, items: int, following: str | int | None, seen: list[str]
) -> None:
    position = Position(number=number, items=items, next=following, seen=tuple(seen))
    assert position_from_text(position.to_text()) == position


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "1", '{"no": 1}', '{"number": "x"}', '{"seen": 1}', '{"seen": [1]}']
)
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        position_from_text(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "next", "b"]), inner),
)


@given(
    VALUES | st.binary(),
    st.sampled_from(PaginationType),
    st.sampled_from(["", "a", "a.b", "a[0]"]),
    st.sampled_from(ParameterPlace),
    st.text() | st.just("<?p=2>; rel=next"),
)
def test_no_answer_brings_anything_but_our_errors(
    body: Any, kind: PaginationType, items: str, place: ParameterPlace, link: str
) -> None:
    pagination = Pagination(
        type=kind, items=items, next="next", total="a", more="b", place=place, size=2
    )
    position = START
    with suppress(GrantlineError):
        for _ in range(3):
            build_request(page_request(RequestSpec(url=URL), pagination, position), base_url="")
            turned = turn_page(pagination, position, answer(body, ("link", link)))
            position = turned.position or START

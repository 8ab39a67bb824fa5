"""One connection: requests, tokens, and what is known of it."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.pagination import Pagination, PaginationType
from grantline.calls.query import ArrayStyle
from grantline.client.async_connections import AsyncConnections
from grantline.client.connection import Connection
from grantline.client.request_options import RequestOptions, request_spec
from grantline.connections.state import State
from grantline.errors import InvalidInput, UpstreamError
from grantline.messages import AddressFamily, TlsVersion
from grantline.testing.authorization_server import (
    Answer,
    Endpoint,
    FakeAuthorizationServer,
    Replace,
)
from grantline.testing.clock import FakeClock
from tests.client.installation import app_of

PAST_EXPIRY = timedelta(hours=1)


def renewals(server: FakeAuthorizationServer) -> int:
    return sum(
        dict(entry.incoming.form).get("grant_type") == "refresh_token"
        for entry in server.journal.at(Endpoint.TOKEN)
    )


def test_a_request_carries_the_token(demo: Connection) -> None:
    assert demo.get("/me").json()["name"] == "Demo User"


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_each_method_sends_its_own_name(demo: Connection, method: str) -> None:
    answer = getattr(demo, method)("/echo")

    assert answer.json()["method"] == method.upper()


def test_a_head_request_has_no_body(demo: Connection) -> None:
    answer = demo.head("/me")

    assert (answer.status, answer.content) == (200, b"")


def test_params_headers_and_json_arrive_as_they_were_given(demo: Connection) -> None:
    answer = demo.post(
        "/echo",
        params={"page": 2, "tag": ["a", "b"], "deep": True, "none": None},
        headers={"X-Trace": "7"},
        json={"ok": None},
    )

    echo = answer.json()
    assert echo["query"] == [["page", "2"], ["tag", "a"], ["tag", "b"], ["deep", "true"]]
    assert echo["json"] == {"ok": None}
    assert ["X-Trace", "7"] in echo["headers"]


@pytest.mark.parametrize(
    ("options", "body", "media_type"),
    [
        ({"json": None}, b"null", "application/json"),
        ({"data": {"a": "1 2"}}, b"a=1+2", "application/x-www-form-urlencoded"),
        ({"data": [("a", 1), ("a", 2)]}, b"a=1&a=2", "application/x-www-form-urlencoded"),
        ({"content": "é"}, "é".encode(), "application/octet-stream"),
        ({"content": b"\0"}, b"\0", "application/octet-stream"),
    ],
)
def test_a_body_is_json_a_form_or_bytes(
    options: RequestOptions, body: bytes, media_type: str
) -> None:
    content = request_spec("post", "/", options).content

    assert content is not None
    assert (content.data, content.media_type) == (body, media_type)


@pytest.mark.parametrize("timeout", [1.5, timedelta(seconds=1.5)])
def test_a_timeout_is_seconds_or_a_span(timeout: float | timedelta) -> None:
    assert request_spec("GET", "/", {"timeout": timeout}).timeout == timedelta(seconds=1.5)


def test_two_bodies_are_refused() -> None:
    with pytest.raises(InvalidInput, match="json and data are two"):
        request_spec("POST", "/", {"json": None, "data": {}})


def test_an_option_that_does_not_exist_is_refused() -> None:
    unknown: Any = {"timeouts": 1}

    with pytest.raises(InvalidInput, match=r"no option timeouts\. Did you mean “timeout”"):
        request_spec("GET", "/", unknown)


def test_an_error_status_is_an_answer_until_it_is_made_an_error(demo: Connection) -> None:
    answer = demo.get("/status/404")

    with pytest.raises(UpstreamError, match="404"):
        answer.raise_for_status()


def test_the_other_options_say_how_it_is_sent_and_what_counts_as_an_error() -> None:
    options: RequestOptions = {
        "array_style": "comma",
        "compress": True,
        "accept_compressed": False,
        "parse_response": False,
        "fail_on": [404, "5xx"],
        "retry": 5,
    }
    spec = request_spec("GET", "/", options)

    assert spec.array_style is ArrayStyle.COMMA
    assert (spec.compress, spec.accept_compressed, spec.parse_response) == (True, False, False)
    assert spec.fail_on == ("404", "5xx")
    assert spec.retry == RetryPolicy(attempts=5)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"array_style": "php"}, "array_style"),
        ({"fail_on": ["x"]}, "fail_on"),
        ({"minimum_tls": "1.1"}, "minimum_tls"),
        ({"timeout": 0}, "timeout"),
        ({"connect_timeout": -1}, "connect_timeout"),
        ({"files": {"a": b""}, "json": 1}, "files"),
    ],
)
def test_an_option_with_a_wrong_value_is_refused(options: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        request_spec("GET", "/", options)

    assert caught.value.field == field


def test_a_form_with_files_is_read_while_it_is_sent(
    demo: Connection, server: FakeAuthorizationServer, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_bytes(b"from disk")

    answer = demo.post(
        "/echo",
        data={"note": "n"},
        files={"one": tmp_path / "a.txt", "two": b"\0", "three": ("t.png", b"3", "image/png")},
    )

    assert answer.is_success
    body = server.journal.at("api")[-1].incoming.body
    assert b'name="note"\r\n\r\nn\r\n' in body
    assert b'name="one"; filename="a.txt"\r\n' in body
    assert b"\r\n\r\nfrom disk\r\n" in body
    assert b'name="two"; filename="two"\r\nContent-Type: application/octet-stream' in body
    assert b'name="three"; filename="t.png"\r\nContent-Type: image/png\r\n\r\n3' in body


def test_how_the_service_is_reached_can_be_said() -> None:
    spec = request_spec(
        "GET", "/", {"connect_timeout": 2, "minimum_tls": "1.3", "address_family": "ipv6"}
    )

    assert spec.connect_timeout == timedelta(seconds=2)
    assert spec.minimum_tls is TlsVersion.TLS_1_3
    assert spec.address_family is AddressFamily.IPV6


def test_an_answer_can_raise_by_itself(demo: Connection) -> None:
    with pytest.raises(UpstreamError, match="404"):
        demo.get("/status/404", fail_on=["4xx"])


BY_PAGE = {"type": "page"}


def pages(*bodies: object) -> list[Replace]:
    return [Replace(Answer(200, json.dumps(each).encode())) for each in bodies]


def test_a_list_is_one_loop_over_its_items(
    demo: Connection, server: FakeAuthorizationServer
) -> None:
    server.script("api", *pages([1, 2], [3], []))

    assert list(demo.items("/orders", pagination=BY_PAGE, params={"a": 1})) == [1, 2, 3]
    assert dict(server.journal.at("api")[-1].incoming.query) == {"a": "1", "page": "3"}


def test_a_list_goes_on_from_an_earlier_page(
    demo: Connection, server: FakeAuthorizationServer
) -> None:
    server.script("api", *pages([1], [2], []))
    first = next(demo.pages("/orders", pagination=Pagination(type=PaginationType.PAGE)))
    assert first.resume is not None

    again = demo.items("/orders", pagination=BY_PAGE, resume_from=first.resume)

    assert list(again) == [2]
    assert server.journal.count("api") == 3


async def test_pages_can_be_awaited(
    async_connections: AsyncConnections, server: FakeAuthorizationServer
) -> None:
    await async_connections.create("demo", **app_of(server))
    async with async_connections.authorize("demo") as pending:
        demo = await pending.complete(server.approve(pending.url))
    server.script("api", *pages([1], [2], []))

    assert [item async for item in demo.items("/orders", pagination=BY_PAGE)] == [1, 2]


def test_a_pagination_with_an_unknown_field_is_refused(demo: Connection) -> None:
    with pytest.raises(InvalidInput):
        next(demo.pages("/orders", pagination={"type": "page", "sort": "name"}))


def test_the_status_follows_what_happened_in_this_process(
    demo: Connection, server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    before = demo.status
    clock.advance(PAST_EXPIRY)
    demo.token()

    assert before.state is demo.status.state is State.AUTHORIZED
    assert demo.status.generation == before.generation + 1
    assert demo.status.expires_at == clock.now() + PAST_EXPIRY


def test_a_valid_token_comes_from_memory_without_the_other_thread(
    demo: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = demo.token()
    monkeypatch.setattr(demo, "_portal", None)

    assert demo.token() == demo.bearer().token == first


def test_a_token_lives_at_least_as_long_as_asked(
    demo: Connection, server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    first = demo.token()
    clock.advance(timedelta(minutes=50))

    assert demo.token(min_ttl=timedelta(minutes=5)) == first
    assert demo.token(min_ttl=timedelta(minutes=30)) != first


def test_a_rejected_token_is_not_given_again(
    demo: Connection, server: FakeAuthorizationServer
) -> None:
    refused = demo.token()

    assert demo.token(rejected=refused) != refused
    assert demo.token(rejected=refused) == demo.token()
    assert renewals(server) == 1


def test_fifty_threads_with_an_expired_token_make_one_token_request(
    demo: Connection, server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    clock.advance(PAST_EXPIRY)
    threads = 50
    together = threading.Barrier(threads)

    def ask(_: int) -> str:
        together.wait(timeout=30)
        return demo.token().reveal()

    with ThreadPoolExecutor(threads) as pool:
        tokens = set(pool.map(ask, range(threads)))

    assert len(tokens) == 1
    assert renewals(server) == 1


async def test_a_thousand_callers_with_an_expired_token_make_one_token_request(
    async_connections: AsyncConnections, server: FakeAuthorizationServer, clock: FakeClock
) -> None:
    await async_connections.create("demo", **app_of(server))
    async with async_connections.authorize("demo") as pending:
        demo = await pending.complete(server.approve(pending.url))
    clock.advance(PAST_EXPIRY)
    tokens = set()

    async def ask() -> None:
        tokens.add((await demo.token()).reveal())

    async with anyio.create_task_group() as tasks:
        for _ in range(1000):
            tasks.start_soon(ask)

    assert len(tokens) == 1
    assert renewals(server) == 1


def test_a_connection_shows_its_name_and_state_and_no_secret(demo: Connection) -> None:
    assert repr(demo) == "Connection('demo', authorized)"
    assert demo.token().reveal() not in repr(demo.bearer())

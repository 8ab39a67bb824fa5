"""Pages over the wire: each one a request of its own, with everything that a request has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.content import json_content
from grantline.calls.pagination import Pagination, PaginationType, ParameterPlace
from grantline.calls.paging.pages import Stop
from grantline.calls.request import RequestSpec
from grantline.connections.connection import Connection
from grantline.connections.credentials.authentication import KeyCredential
from grantline.connections.engine import LOCAL
from grantline.connections.requests.pages import ItemsPage
from grantline.errors import EgressBlocked, InvalidInput, UpstreamError
from grantline.oauth.app.settings import TokenPlacement
from grantline.secret import Secret
from grantline.testing.authorization_server import Answer, Leniency, Replace, ServerOptions
from grantline.testing.clock import FakeClock, JumpingClock
from tests.connections.world import World
from tests.recorder import answer, recorder

BY_PAGE = Pagination(type=PaginationType.PAGE)
BY_URL = Pagination(type=PaginationType.URL, next="next")
BY_TOKEN = Pagination(type=PaginationType.TOKEN, next="next")


@pytest.fixture
def clock() -> FakeClock:
    return JumpingClock()


def script(world: World, *bodies: Any) -> None:
    answers = (each if isinstance(each, Answer) else Answer.json(each) for each in bodies)
    world.server.script("api", *map(Replace, answers))


async def pages(
    world: World, connection: Connection, pagination: Pagination | None, **more: Any
) -> list[ItemsPage]:
    spec = RequestSpec(**{"url": "/me", "pagination": pagination, **more.pop("spec", {})})
    generator = world.engine.pages(LOCAL, spec, connection_id=connection.id, **more)
    return [page async for page in generator]


async def test_items_come_page_by_page_until_one_is_empty(world: World) -> None:
    found = await world.authorized()
    script(world, [1, 2], [3], [])
    got = await pages(world, found, BY_PAGE)
    assert [(each.number, list(each.items), each.stop) for each in got] == [
        (1, [1, 2], None),
        (2, [3], None),
        (3, [], Stop.EMPTY),
    ]
    queries = [dict(entry.incoming.query) for entry in world.server.journal.at("api")]
    assert queries == [{"page": "1"}, {"page": "2"}, {"page": "3"}]


async def test_a_next_url_is_followed_with_the_token_on_the_hosts_of_the_connection(
    world: World,
) -> None:
    found = await world.authorized()
    script(world, {"items": [1], "next": "/api/echo?p=2"}, {"items": [2], "next": None})
    got = await pages(world, found, BY_URL)
    assert [list(each.items) for each in got] == [[1], [2]]
    assert dict(world.server.journal.at("api")[-1].incoming.query) == {"p": "2"}
    token = await world.token(found)
    sent = [entry.incoming.header("Authorization") for entry in world.server.journal.at("api")]
    assert sent == [f"Bearer {token}"] * 2


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://evil.example/collect", "host_not_allowed"),
        ("https://127.0.0.1.evil.example/", "host_not_allowed"),
        ("http://127.0.0.1:1/", "next_cross_origin"),
        ("http://127.0.0.1/", "next_cross_origin"),
        ("//evil.example/x", "next_cross_origin"),
        ("https://user@127.0.0.1/", "userinfo"),
    ],
)
async def test_a_next_url_elsewhere_gets_nothing(world: World, url: str, rule: str) -> None:
    found = await world.authorized()
    script(world, {"items": [1], "next": url})
    with pytest.raises(EgressBlocked) as caught:
        await pages(world, found, BY_URL)
    assert caught.value.rule == rule
    assert world.server.journal.count("api") == 1


@pytest.mark.parametrize("url", ["http://169.254.169.254/x", "http://[::1]:1/x", "file:///etc"])
async def test_a_next_url_passes_the_guard_without_a_connection_too(world: World, url: str) -> None:
    script(world, {"items": [1], "next": url})
    spec = RequestSpec(url=world.server.api_url + "/me", pagination=BY_URL)
    with pytest.raises(EgressBlocked):
        _ = [page async for page in world.engine.pages(LOCAL, spec)]


OWN = (("X-Api-Key", "typed-by-hand"), ("Accept-Language", "de"))


async def test_what_was_typed_into_headers_does_not_follow_a_next_url_to_another_origin(
    world: World,
) -> None:
    async with recorder([answer(200, b"[2]")] * 2) as other:
        script(world, *[{"items": [1], "next": other.url("/2")}] * 2)
        spec = RequestSpec(url=world.server.api_url + "/me", headers=OWN, pagination=BY_URL)
        first, _ = [page async for page in world.engine.pages(LOCAL, spec)]
        assert first.resume is not None
        resumed = world.engine.pages(LOCAL, spec, resume_from=first.resume)
        assert [list(page.items) async for page in resumed] == [[2]]
    assert len(other.arrived) == 2
    for arrived in other.arrived:
        assert not arrived.header("X-Api-Key")
        assert arrived.header("Accept-Language") == "de"


async def test_a_body_does_not_follow_a_next_url_to_another_origin(world: World) -> None:
    async with recorder() as other:
        script(world, {"items": [1], "next": other.url("/2")})
        spec = RequestSpec(
            method="POST",
            url=world.server.api_url + "/me",
            content=json_content({"key": "typed-by-hand"}),
            pagination=BY_URL,
        )
        with pytest.raises(EgressBlocked) as caught:
            _ = [page async for page in world.engine.pages(LOCAL, spec)]
    assert caught.value.rule == "next_cross_origin"
    assert not other.arrived


async def test_a_key_that_was_typed_stays_on_the_host_of_the_first_page(world: World) -> None:
    script(world, {"items": [1], "next": "https://evil.example/collect"})
    spec = RequestSpec(url=world.server.api_url + "/me", pagination=BY_URL)
    typed = KeyCredential(name="X-Api-Key", value=Secret("typed-by-hand"))
    made = await world.engine.make_list(LOCAL, spec, typed=typed)
    assert isinstance(made.error, EgressBlocked)
    assert made.error.rule == "host_not_allowed"


IN_QUERY = ServerOptions(lenient=frozenset({Leniency.ACCESS_TOKEN_IN_QUERY}))


@pytest.mark.parametrize("server_options", [IN_QUERY])
async def test_a_token_that_a_service_copies_into_the_next_url_goes_no_further(
    world: World,
) -> None:
    found = await world.authorized(token_placement=TokenPlacement.QUERY)
    token = await world.token(found)
    script(world, {"items": [1], "next": f"/api/echo?a=1&access_token={token}"})
    spec = RequestSpec(url="/me", pagination=BY_URL)
    generator = world.engine.pages(LOCAL, spec, connection_id=found.id)
    first = await anext(generator)
    assert first.resume is not None
    assert token not in first.resume
    await anext(generator)
    assert world.server.journal.at("api")[-1].incoming.query == (
        ("a", "1"),
        ("access_token", token),
    )


async def test_an_interrupted_run_goes_on_where_it_was(world: World) -> None:
    found = await world.authorized()
    broken = Answer.json({"message": "Broken"}, status=500)
    script(world, {"items": [1], "next": "b"}, {"items": [2], "next": "c"}, broken)
    spec = RequestSpec(url="/me", pagination=BY_TOKEN)
    generator = world.engine.pages(LOCAL, spec, connection_id=found.id)
    first, second = await anext(generator), await anext(generator)
    with pytest.raises(UpstreamError):
        await anext(generator)
    assert second.resume is not None
    script(world, {"items": [3], "next": None})
    (last,) = await pages(world, found, BY_TOKEN, resume_from=second.resume)
    assert [*first.items, *second.items, *last.items] == [1, 2, 3]
    assert last.number == 3
    assert dict(world.server.journal.at("api")[-1].incoming.query) == {"cursor": "c"}


async def test_each_page_is_retried_by_the_policy_and_carries_cookies(world: World) -> None:
    found = await world.authorized()
    busy = Answer.json({}, status=503)
    first = Answer(200, b"[1]", (("Set-Cookie", "a=1; Path=/"),))
    script(world, busy, first, busy, [])
    got = await pages(world, found, BY_PAGE, spec={"retry": RetryPolicy()})
    assert [list(each.items) for each in got] == [[1], []]
    sent = [entry.incoming.header("Cookie") for entry in world.server.journal.at("api")]
    assert sent == ["", "", "a=1", "a=1"]


async def test_as_many_pages_as_may_be(world: World) -> None:
    found = await world.authorized()
    script(world, [1], [2], [3])
    pagination = Pagination(type=PaginationType.PAGE, max_pages=2)
    got = await pages(world, found, pagination)
    assert got[-1].stop is Stop.MAX_PAGES
    assert got[-1].resume is not None
    (third, *_) = await pages(world, found, pagination, resume_from=got[-1].resume)
    assert list(third.items) == [3]


async def test_a_token_goes_into_a_body(world: World) -> None:
    found = await world.authorized()
    script(world, {"items": [1], "next": "c"}, {"items": [], "next": None})
    pagination = Pagination(
        type=PaginationType.TOKEN,
        next="next",
        parameter="variables.after",
        place=ParameterPlace.BODY,
    )
    spec = {"method": "POST", "content": json_content({"variables": {}})}
    await pages(world, found, pagination, spec=spec)
    bodies = [json.loads(entry.incoming.body) for entry in world.server.journal.at("api")]
    assert bodies == [{"variables": {}}, {"variables": {"after": "c"}}]


async def test_the_catalogue_may_know_how_a_service_gives_its_lists(world: World) -> None:
    found = await world.authorized(new={"provider": "github"})
    link = ("Link", '</api/echo?page=2>; rel="next"')
    script(world, Answer(200, b"[1]", (link,)), [2])
    assert [list(each.items) for each in await pages(world, found, None)] == [[1], [2]]


async def test_without_any_pagination_the_error_names_the_field(world: World) -> None:
    found = await world.authorized()
    with pytest.raises(InvalidInput) as caught:
        await pages(world, found, None)
    assert caught.value.field == "pagination"

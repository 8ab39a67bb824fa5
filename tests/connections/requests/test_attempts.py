"""Around one request: sent again where its policy says so, and its answer judged in the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grantline.calls.attempts.retry import Reason, RetryPolicy
from grantline.calls.bodies.content import Content, json_content
from grantline.calls.query import ArrayStyle
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import ERROR_STATUSES
from grantline.connections.engine import LOCAL
from grantline.connections.requests.run_cookies import RunCookies
from grantline.errors import EgressBlocked, InvalidInput, RateLimited, UpstreamError
from grantline.testing.authorization_server import Answer, Replace
from grantline.testing.clock import FakeClock, JumpingClock
from tests.connections.world import World

BUSY = Answer.json({"message": "Busy"}, status=503)
POLICY = RetryPolicy(attempts=3)


@pytest.fixture
def clock() -> FakeClock:
    return JumpingClock()


async def test_a_get_is_sent_again_until_it_is_answered(world: World, clock: FakeClock) -> None:
    found = await world.authorized()
    limited = Answer(429, b"", (("Retry-After", "30"),))
    world.server.script("api", Replace(BUSY), Replace(limited))
    before = clock.now()
    response = await world.get(found, retry=POLICY)
    assert response.is_success
    assert response.attempts == 3
    assert clock.now() - before >= timedelta(seconds=30)
    assert response.elapsed >= timedelta(seconds=30)


async def test_the_last_answer_is_the_answer(world: World) -> None:
    found = await world.authorized()
    world.server.script("api", *[Replace(BUSY)] * 5)
    assert (await world.get(found, retry=POLICY)).status == 503
    assert world.server.journal.count("api") == 3


async def test_a_renewed_token_is_no_retry(world: World) -> None:
    found = await world.authorized()
    world.server.expire_access_tokens()
    response = await world.get(found, retry=RetryPolicy(attempts=1))
    assert response.is_success
    assert response.attempts == 2


async def test_a_post_is_sent_once_unless_its_policy_names_it(world: World) -> None:
    found = await world.authorized()
    world.server.script("api", *[Replace(BUSY)] * 3)
    spec: dict[str, Any] = {"method": "POST", "content": json_content({"a": 1})}
    assert (await world.get(found, "/echo", **spec, retry=POLICY)).status == 503
    chosen = RetryPolicy(methods=("POST",))
    assert (await world.get(found, "/echo", **spec, retry=chosen)).is_success
    bodies = [entry.incoming.body for entry in world.server.journal.at("api")]
    assert bodies == [b'{"a":1}'] * 4


async def test_what_the_guard_refuses_is_not_tried_twice(world: World, clock: FakeClock) -> None:
    found = await world.authorized()
    with pytest.raises(EgressBlocked):
        await world.get(found, "https://elsewhere.example/", retry=POLICY)
    assert clock.slept == []


async def test_every_attempt_is_part_of_what_became_of_it(world: World) -> None:
    found = await world.authorized()
    world.server.script("api", Replace(BUSY))
    spec = RequestSpec(url="/me", retry=POLICY)
    made = await world.engine.make_request(LOCAL, spec, connection_id=found.id)
    assert [(each.status, each.reason) for each in made.attempts] == [
        (503, Reason.STATUS),
        (200, Reason.ANSWERED),
    ]
    assert made.run is not None
    detail = await world.engine.runs.find(LOCAL, made.run.id)
    assert detail.attempts == made.attempts
    assert detail.run.attempts == 2


async def test_an_answer_can_count_as_an_error(world: World) -> None:
    found = await world.authorized()
    with pytest.raises(UpstreamError) as caught:
        await world.get(found, "/status/404", fail_on=ERROR_STATUSES)
    assert caught.value.response.status == 404  # type: ignore[attr-defined]
    assert (await world.get(found, "/status/404", fail_on=("5xx",))).status == 404


async def test_the_error_names_what_the_service_says_without_our_secrets(world: World) -> None:
    found = await world.authorized()
    token = await world.token(found)
    world.server.script("api", Replace(Answer.json({"message": f"{token} is odd"}, status=400)))
    spec = RequestSpec(url="/me", fail_on=("4xx",))
    made = await world.engine.make_request(LOCAL, spec, connection_id=found.id)
    assert isinstance(made.error, UpstreamError)
    assert made.error.service_message.endswith("is odd")
    assert token not in made.error.service_message
    assert made.response is not None
    assert made.run is not None
    assert made.run.status == 400


async def test_the_fields_of_a_spec_reach_the_wire(world: World) -> None:
    found = await world.authorized()
    await world.get(
        found,
        "/echo",
        method="POST",
        query=(("id", "1"), ("id", "2")),
        array_style=ArrayStyle.INDEXED,
        content=Content(b"text", "text/plain"),
        compress=True,
        accept_compressed=False,
    )
    (entry,) = world.server.journal.at("api")
    assert entry.incoming.query == (("id[0]", "1"), ("id[1]", "2"))
    assert entry.incoming.header("Content-Encoding") == "gzip"
    assert entry.incoming.body == b"text"  # which the server takes out of its coding
    assert entry.incoming.header("Accept-Encoding") == "identity"


async def test_raw_data_stays_text(world: World) -> None:
    found = await world.authorized()
    assert isinstance((await world.get(found)).data, dict)
    assert isinstance((await world.get(found, parse_response=False)).data, str)


async def test_a_limit_that_answers_tell_is_kept_by_all_callers(
    world: World, clock: FakeClock
) -> None:
    found = await world.authorized()
    left = (("X-RateLimit-Remaining", "1"), ("X-RateLimit-Reset", "60"))
    world.server.script("api", Replace(Answer(200, b"{}", left)))
    await world.get(found)
    before = clock.now()
    await world.get(found, "/echo")
    assert clock.now() - before < timedelta(seconds=1)
    response = await world.get(found)
    assert clock.now() - before >= timedelta(seconds=59)
    assert response.elapsed >= timedelta(seconds=59)


async def test_a_limit_that_lasts_longer_than_the_timeout_is_an_error_that_says_until_when(
    world: World,
) -> None:
    found = await world.authorized()
    world.server.script("api", Replace(Answer(429, b"", (("Retry-After", "600"),))))
    assert (await world.get(found)).status == 429
    with pytest.raises(RateLimited) as caught:
        await world.get(found)
    assert caught.value.retry_after == timedelta(minutes=10)
    assert "2026-01-01 00:10:" in caught.value.message
    assert world.server.journal.count("api") == 1


async def test_a_stream_waits_for_its_turn_too(world: World, clock: FakeClock) -> None:
    found = await world.authorized()
    left = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "60"))
    world.server.script("api", Replace(Answer(200, b"{}", left)))
    before = clock.now()
    for _ in range(2):
        async with world.engine.stream(LOCAL, found.id, RequestSpec(url="/me")) as answer:
            assert answer.status == 200
    assert clock.now() - before >= timedelta(seconds=60)


async def test_a_budget_is_set_by_hand(world: World, clock: FakeClock) -> None:
    found = await world.authorized(rate_limit="2/60s")
    before = clock.now()
    for _ in range(5):
        await world.get(found)
    assert clock.now() - before >= timedelta(seconds=120)


async def test_no_limit_is_kept_where_none_is_wanted(world: World, clock: FakeClock) -> None:
    found = await world.authorized(rate_limit="off")
    world.server.script("api", Replace(Answer(429, b"", (("Retry-After", "600"),))))
    await world.get(found)
    assert (await world.get(found)).is_success
    assert clock.slept == []


async def test_a_rate_limit_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        await world.draft(rate_limit="often")
    assert caught.value.field == "Rate limit"


def cookie_setting(text: str, status: int = 200, **more: str) -> Replace:
    headers = tuple((name.replace("_", "-"), value) for name, value in more.items())
    return Replace(Answer(status, b"{}", (("Set-Cookie", text), *headers)))


async def test_cookies_last_as_long_as_a_run_and_no_longer(world: World) -> None:
    found = await world.authorized()
    world.server.script("api", cookie_setting("a=1; Path=/", 302, Location="/api/me"))
    response = await world.get(found, headers=(("Cookie", "own=2"),))
    assert response.is_success
    await world.get(found)
    sent = [entry.incoming.header("Cookie") for entry in world.server.journal.at("api")]
    assert sent == ["own=2", "own=2; a=1", ""]


async def test_what_is_streamed_carries_cookies_along_its_redirects_as_well(world: World) -> None:
    found = await world.authorized()
    world.server.script("api", cookie_setting("a=1; Path=/", 302, Location="/api/me"))
    async with world.engine.stream(LOCAL, found.id, RequestSpec(url="/me")) as answer:
        assert answer.status == 200
    sent = [entry.incoming.header("Cookie") for entry in world.server.journal.at("api")]
    assert sent == ["", "a=1"]


async def test_steps_share_cookies_when_they_are_handed_the_same(world: World) -> None:
    found, other = await world.authorized(), await world.authorized("other")
    world.server.script("api", cookie_setting("a=1; Path=/"))
    cookies = RunCookies()
    for connection in (found, found, other):
        await world.engine.make_request(
            LOCAL, RequestSpec(url="/me"), connection_id=connection.id, cookies=cookies
        )
    sent = [entry.incoming.header("Cookie") for entry in world.server.journal.at("api")]
    assert sent == ["", "a=1", ""]

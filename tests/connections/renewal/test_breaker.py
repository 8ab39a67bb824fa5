from __future__ import annotations

from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.renewal.breaker import FAILURES, NO_REST, REST, Breaker
from grantline.errors import TemporarilyUnavailable
from grantline.testing.authorization_server import Refuse
from tests.connections.world import World

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def failing(times: int) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.failed("a", NO_REST)
    return breaker


def test_a_host_rests_after_ten_failures_in_a_row() -> None:
    assert failing(FAILURES - 1).rest("a", NO_REST) == NO_REST
    breaker = failing(FAILURES)
    assert breaker.rest("a", 10 * SECOND) == 20 * SECOND
    assert breaker.rest("b", NO_REST) == NO_REST


def test_after_the_rest_one_caller_tries_and_the_others_rest_on() -> None:
    breaker = failing(FAILURES)
    assert breaker.is_resting("a", SECOND)
    assert not breaker.is_resting("a", REST)
    assert breaker.rest("a", REST) == NO_REST
    assert breaker.rest("a", REST) == REST


def test_an_answer_lets_everybody_in_and_another_failure_nobody() -> None:
    breaker = failing(FAILURES)
    breaker.rest("a", REST)
    breaker.failed("a", REST)
    assert breaker.rest("a", REST + SECOND) == REST - SECOND
    breaker.answered("a")
    assert breaker.rest("a", REST + SECOND) == NO_REST
    breaker.failed("a", REST)
    assert breaker.rest("a", REST + SECOND) == NO_REST


async def test_a_server_that_fails_for_everybody_is_left_alone_for_a_moment(world: World) -> None:
    connections = [await world.authorized(f"demo{number}") for number in range(FAILURES + 1)]
    *failed, last = connections
    world.clock.advance(HOUR - timedelta(minutes=1))
    kept = await world.token(last, min_ttl=timedelta(0))
    world.server.script("token", *[Refuse(503)] * FAILURES)
    asked = len(world.refreshes())
    for each in failed:
        await world.token(each)
    # A token that still works is given out; one that has ended is not asked for.
    assert await world.token(last) == kept
    world.clock.set(world.clock.now() + HOUR)
    with pytest.raises(TemporarilyUnavailable) as caught:
        await world.token(last)
    assert "left alone" in caught.value.message
    assert caught.value.retry_after == REST
    assert len(world.refreshes()) == asked + FAILURES
    # Whoever insists tries at once, and its success is everybody's.
    assert (await world.engine.verify(LOCAL, last.name)).works
    assert await world.token(failed[0], min_ttl=HOUR / 2)

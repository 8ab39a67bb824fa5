from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.renewal.waiting import POLL, POLL_BESIDE, Waiting
from grantline.errors import ConnectionNotFound, RefreshInProgress
from grantline.secret import Secret
from grantline.store.records.connections import Glance
from tests.connections.world import World

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Ears:
    """A listener of which a test says what it hears."""

    is_live = True

    def close(self) -> None:
        self.is_live = False


async def held(world: World) -> str:
    """A connection whose lease somebody else has."""
    found = await world.authorized()
    assert world.engine.context.store.acquire_lease(found.id, "other", 1, MINUTE)
    return found.id


def test_what_waits_looks_often_enough_to_see_a_token_within_50_ms() -> None:
    assert timedelta(milliseconds=50) / 2 >= POLL


async def test_whoever_waits_sees_a_lease_that_is_given_back_at_the_next_look(
    world: World,
) -> None:
    connection_id = await held(world)
    store = world.engine.context.store
    record = store.load_connection("local", connection_id)
    waiting = asyncio.ensure_future(Waiting(world.engine.context).change(record, MINUTE))
    await world.clock.wait_for_sleepers()
    world.clock.advance(POLL)
    await world.clock.wait_for_sleepers()
    assert not waiting.done()
    assert store.acquire_lease(connection_id, "third", 1, MINUTE, over=record.lease_number)
    world.clock.advance(POLL)
    await waiting


async def test_whoever_hears_does_not_wait_for_the_next_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Callable[[str], None]] = []
    ears = Ears()
    connection_id = await held(world)
    store = world.engine.context.store

    def listen(tell: Callable[[str], None]) -> Ears:
        told.append(tell)
        return ears

    monkeypatch.setattr(store, "listen", listen)
    record = store.load_connection("local", connection_id)
    waiting = Waiting(world.engine.context)
    change = asyncio.ensure_future(waiting.change(record, MINUTE))
    await world.clock.wait_for_sleepers()
    store.delete_connection(
        "local", connection_id, world.engine.context.event(LOCAL, "x", connection_id)
    )
    told[0]("con_other")
    told[0](connection_id)
    with pytest.raises(ConnectionNotFound):
        await change
    waiting.close()
    assert not ears.is_live


async def test_whoever_began_to_hear_after_the_look_looks_again_soon(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told between the look and the first that is heard was told to nobody."""
    ears = Ears()
    ears.is_live = False
    connection_id = await held(world)
    store = world.engine.context.store
    glance = store.glance

    def look(workspace: str, connection_id: str) -> Glance:
        seen = glance(workspace, connection_id)
        ears.is_live = True
        return seen

    monkeypatch.setattr(store, "listen", lambda tell: ears)
    monkeypatch.setattr(store, "glance", look)
    record = store.load_connection("local", connection_id)
    change = asyncio.ensure_future(Waiting(world.engine.context).change(record, MINUTE))
    await world.clock.wait_for_sleepers()
    assert world.clock.slept == [POLL]
    world.clock.advance(POLL)
    await world.clock.wait_for_sleepers()
    assert world.clock.slept == [POLL, POLL_BESIDE]
    change.cancel()


async def test_a_wait_that_ends_says_what_to_do(world: World) -> None:
    connection_id = await held(world)
    found = await world.engine.find(LOCAL, connection_id)
    rejected = Secret(await world.token(found))
    asking = asyncio.ensure_future(world.token(found, rejected=rejected))
    while not asking.done():
        await asyncio.wait([asking], timeout=0.001)
        world.clock.advance(SECOND)
    with pytest.raises(RefreshInProgress) as caught:
        await asking
    assert caught.value.retryable
    assert caught.value.retry_after == MINUTE
    assert "Try again" in caught.value.hint

"""Renewal ahead of time: when, by whom, how many at once, and what is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from grantline.connections.connection import Connection
from grantline.connections.engine import Engine
from grantline.connections.keeping.quarantine import Quarantine
from grantline.connections.renewal import rotation
from grantline.connections.renewal.background import AT_ONCE, CLAIM, PER_HOST, SPREAD, TICK
from grantline.connections.renewal.next_tokens import read_answer
from grantline.connections.renewal.refresh import Refresher
from grantline.connections.state import State
from grantline.store.records.renewal import RefreshAttempt
from grantline.testing.authorization_server import ExpiresIn, Refuse, Rule, ServerOptions
from tests.connections.world import World, a_world, an_engine
from tests.records import an_attempt

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STEP = 6 * TICK  # not so long that a renewal under way finds its lease over
LOOPS = 2  # one that renews, and one that finishes what others have begun


@asynccontextmanager
async def background(world: World, *, ticks: int = 1) -> AsyncIterator[Engine]:
    """An engine that renews ahead of time; its first rounds are over, and in the end all is."""
    async with an_engine(world.folder, world.clock, background=True) as engine:
        for _ in range(ticks):
            await world.clock.wait_for_sleepers(LOOPS)
            world.clock.advance(TICK)
        await world.clock.wait_for_sleepers(LOOPS)
        yield engine
        await quiet(engine)


async def quiet(engine: Engine) -> None:
    """Waits until no renewal is under way; what is held up on purpose is left after a while."""
    with anyio.move_on_after(5):
        while engine.background.under_way:
            await anyio.lowlevel.checkpoint()


async def generations(world: World, connections: list[Connection]) -> list[int]:
    return [(await world.find(each)).generation for each in connections]


async def test_a_token_is_renewed_before_anybody_meets_it_due(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR - 11 * MINUTE)
    async with background(world):
        pass
    assert world.refreshes() == []
    # The last round is when a caller would find it due: its turn is a share before that.
    world.clock.advance(6 * MINUTE - 2 * TICK)
    assert await world.token(found)
    assert world.refreshes() == []
    async with background(world):
        pass
    assert len(world.refreshes()) == 1
    assert (await world.find(found)).generation == 2


async def test_processes_share_what_is_due(world: World) -> None:
    connections = [await world.authorized(f"demo{number}") for number in range(6)]
    world.clock.advance(HOUR)
    async with background(world) as one, background(world) as two, background(world) as three:
        for _ in range(SPREAD // STEP):
            await world.clock.wait_for_sleepers(3 * LOOPS)
            # A clock that jumps in the middle of a renewal would end its lease.
            for each in (one, two, three):
                await quiet(each)
            world.clock.advance(STEP)
    assert await generations(world, connections) == [2] * 6
    assert len(world.refreshes()) == 6


async def test_after_a_start_what_is_overdue_is_spread_over_ten_minutes(world: World) -> None:
    for number in range(8):
        await world.authorized(f"demo{number}")
    world.clock.advance(HOUR)
    async with background(world, ticks=3):
        pass
    assert 0 < len(world.refreshes()) <= 4


async def test_a_host_is_asked_for_so_much_at_once_and_no_more(world: World) -> None:
    connections = [await world.authorized(f"demo{number}") for number in range(PER_HOST + 2)]
    assert len(connections) < AT_ONCE
    world.clock.advance(HOUR)
    holds = [world.server.hold("token", "received") for _ in connections]
    async with an_engine(world.folder, world.clock, background=True):
        await holds[0].reached()
        await world.clock.wait_for_sleepers(LOOPS)
        world.clock.advance(SPREAD)
        # The claim of the first is over, so it may be counted twice.
        await asyncio.gather(*(each.reached() for each in holds[: PER_HOST - 1]))
        for _ in range(3):
            await world.clock.wait_for_sleepers(LOOPS)
            world.clock.advance(TICK)
        assert len(world.refreshes()) <= PER_HOST
        for each in holds:
            each.release()


async def test_a_host_that_rests_is_left_alone_and_so_is_a_copy_of_a_database(
    world: World,
) -> None:
    found = await world.authorized()
    for _ in range(10):
        world.server.script("token", Refuse(503))
    world.clock.advance(HOUR)
    async with background(world) as engine:
        await quiet(engine)
        # The store says it too: whoever asks whether quarantine still holds looks there again.
        engine.context.store.settle("elsewhere", "")
        engine.context.quarantine = Quarantine("This is a copy.")
        asked = len(world.refreshes())
        world.clock.advance(SPREAD + CLAIM)
        await world.clock.wait_for_sleepers(LOOPS)
    assert len(world.refreshes()) == asked
    assert (await world.find(found)).state is State.FAILING


async def test_what_an_exception_says_stays_out_of_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(*_: object) -> None:
        raise KeyError("a-refresh-token")

    monkeypatch.setattr(Refresher, "renew_ahead", fails)
    await world.authorized()
    world.clock.advance(HOUR - 5 * MINUTE)
    async with background(world):
        pass
    assert "failed: KeyError at fails" in caplog.text
    assert "a-refresh-token" not in caplog.text


async def test_a_failure_is_tried_again_when_it_may_be(world: World) -> None:
    found = await world.authorized()
    world.server.script("token", Refuse(503, retry_after="300"))
    world.clock.advance(HOUR - 5 * MINUTE)
    async with background(world):
        pass
    assert (await world.find(found)).state is State.FAILING
    async with background(world):
        pass
    assert len(world.refreshes()) == 1
    world.clock.advance(5 * MINUTE)
    async with background(world):
        pass
    assert len(world.refreshes()) == 2
    assert (await world.find(found)).state is State.AUTHORIZED


@pytest.mark.parametrize("server_options", [ServerOptions(expires_in=ExpiresIn.ABSENT)])
async def test_a_refresh_token_that_dies_of_idleness_is_kept_warm(world: World) -> None:
    found = await world.authorized(refresh_idle_lifetime=timedelta(days=30))
    other = await world.authorized("other")
    for _ in range(3):
        world.clock.advance(timedelta(days=15))
        async with background(world):
            pass
    assert await generations(world, [found, other]) == [4, 1]


async def test_what_nobody_uses_is_renewed_once_a_day(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(timedelta(days=1))
    for _ in range(12):
        world.clock.advance(6 * HOUR)
        async with background(world):
            pass
    assert 2 <= (await world.find(found)).generation - 1 <= 4


async def test_one_that_cannot_be_finished_keeps_none_from_being_finished(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = [await world.authorized(name) for name in ("first", "second")]
    store = world.engine.context.store
    for each in (first, second):
        store.begin_attempt(an_attempt(workspace="local", connection_id=each.id, id=each.id))

    def fails_once(*args: Any, **more: Any) -> Any:
        monkeypatch.setattr(rotation, "read_answer", read_answer)
        raise ZeroDivisionError

    monkeypatch.setattr(rotation, "read_answer", fails_once)
    await world.engine.background.finish_begun()
    assert "is not finished" in caplog.text
    assert sorted(await generations(world, [first, second])) == [1, 2]
    # Its answer was kept before anybody failed at it.
    await world.engine.background.finish_begun()
    assert await generations(world, [first, second]) == [2, 2]
    assert len(world.refreshes()) == 2


@pytest.mark.parametrize("grace", [timedelta(0), 2 * HOUR])
async def test_what_was_sent_before_a_crash_is_sent_again_at_once(
    tmp_path: Path, grace: timedelta
) -> None:
    async with a_world(tmp_path, ServerOptions(grace=grace)) as world:
        found = await world.authorized()
        engine = world.engine
        record = engine.context.store.load_connection("local", found.id)
        attempt = RefreshAttempt(
            id="att_1",
            workspace="local",
            connection_id=found.id,
            generation=1,
            token_hash="ab" * 32,
            lease_number=1,
            started_at=world.clock.now(),
            deadline=world.clock.now(),
        )
        # The process that is gone had sent the token, and the answer went with it.
        await world.token(found, min_ttl=2 * HOUR)
        engine.context.store.save_health(found.id, 2, record.health, None)
        engine.context.store.begin_attempt(attempt)
        world.server.journal.allow(Rule.REFRESH_TOKEN_REUSED)
        await engine.background.finish_begun()
        assert engine.context.store.open_attempts() == []
        assert (await world.find(found)).state is State.AUTHORIZED

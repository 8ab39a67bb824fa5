"""Using a connection that only so many may use at the same time."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.connections.planning import ConnectionEdit
from grantline.connections.requests.seats import KEPT_EVERY, SEAT_SPAN, WAIT_AT_MOST
from grantline.errors import ConnectionNotFound, InvalidInput, TemporarilyUnavailable
from grantline.oauth.app.settings import AppSettings, FlowType
from tests.connections.world import World, an_engine

ROOT = Path(__file__).parents[3]


async def shared(world: World, at_once: int) -> str:
    return (await world.draft(new={"at_once": at_once})).id


async def made(engine: Engine, at_once: int) -> str:
    """The id of a connection that nobody has authorized."""
    settings = AppSettings(client_id="c", token_uri="https://a.example/token")
    new = NewConnection(
        name="shared", flow=FlowType.CLIENT_CREDENTIALS, settings=settings, at_once=at_once
    )
    return (await engine.manage.create(LOCAL, new)).id


@asynccontextmanager
async def seated(world: World, connection_id: str) -> AsyncIterator[asyncio.Event]:
    """Somebody who sits, until the end of the block or until the event is set."""
    sits, gets_up = asyncio.Event(), asyncio.Event()

    async def sit() -> None:
        async with world.engine.seats.taken(LOCAL, connection_id):
            sits.set()
            await gets_up.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sit)
        await sits.wait()
        yield gets_up
        gets_up.set()


async def many(engines: list[Engine], connection_id: str, rounds: int) -> tuple[int, int]:
    """How many sat at the same time at most, and how many did in all."""
    sitting = most = done = 0
    together = asyncio.Event()

    async def use(engine: Engine) -> None:
        nonlocal sitting, most, done
        async with engine.seats.taken(LOCAL, connection_id):
            sitting += 1
            most = max(most, sitting)
            if sitting == 2:
                together.set()
            await together.wait()
            await anyio.lowlevel.checkpoint()
            sitting -= 1
            done += 1

    async with anyio.create_task_group() as tasks:
        for number in range(rounds):
            tasks.start_soon(use, engines[number % len(engines)])
    return most, done


@pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
async def test_no_more_than_the_limit_use_it_wherever_they_run(
    tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("migrated_postgres_url") if database == "postgresql" else None
    async with AsyncExitStack() as stack:
        engines = [await stack.enter_async_context(an_engine(tmp_path, url=url))]
        elsewhere = tmp_path
        if url is not None:  # another machine, which shares the key and the database alone
            elsewhere = tmp_path / "elsewhere"
            elsewhere.mkdir(mode=0o700)
            shutil.copy2(tmp_path / "master.key", elsewhere)
        engines.append(await stack.enter_async_context(an_engine(elsewhere, url=url)))
        connection_id = await made(engines[0], 2)
        most, done = await many(engines, connection_id, 12)
    assert most == 2
    assert done == 12


async def test_without_a_limit_nobody_asks_the_database(world: World) -> None:
    connection_id = await shared(world, 0)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            waited = await stack.enter_async_context(world.engine.seats.taken(LOCAL, connection_id))
            assert waited == timedelta(0)
        await stack.enter_async_context(world.engine.seats.taken(LOCAL, None))


async def test_who_gets_up_lets_the_next_one_sit_at_once(world: World) -> None:
    connection_id = await shared(world, 1)
    async with seated(world, connection_id) as gets_up, anyio.create_task_group() as tasks:
        second = asyncio.Event()

        async def sit() -> None:
            async with world.engine.seats.taken(LOCAL, connection_id):
                second.set()

        tasks.start_soon(sit)
        await world.clock.wait_for_sleepers(2)  # one keeps the seat, one waits for it
        assert not second.is_set()
        gets_up.set()
        await second.wait()


async def test_waiting_ends_and_says_what_to_do(world: World) -> None:
    connection_id = await shared(world, 1)
    async with seated(world, connection_id), anyio.create_task_group() as tasks:
        told: list[TemporarilyUnavailable] = []

        async def wait() -> None:
            with pytest.raises(TemporarilyUnavailable) as caught:
                async with world.engine.seats.taken(LOCAL, connection_id):
                    pass
            told.append(caught.value)

        tasks.start_soon(wait)
        passed = timedelta(0)
        while not told and passed < 2 * WAIT_AT_MOST:
            await world.clock.wait_for_sleepers(2)
            world.clock.advance(KEPT_EVERY)
            passed += KEPT_EVERY
            if passed >= WAIT_AT_MOST:
                await anyio.wait_all_tasks_blocked()
    assert "15 minutes" in told[0].message
    assert "more modules" in told[0].hint


async def test_a_seat_is_kept_for_as_long_as_somebody_sits(world: World) -> None:
    connection_id = await shared(world, 1)
    async with seated(world, connection_id):
        for _ in range(2 * (SEAT_SPAN // KEPT_EVERY)):
            await world.clock.wait_for_sleepers()
            world.clock.advance(KEPT_EVERY)
        await world.clock.wait_for_sleepers()
        with pytest.raises(TemporarilyUnavailable):
            async with world.engine.seats.taken(LOCAL, connection_id, within=timedelta(0)):
                pass


async def test_a_seat_of_a_process_that_was_killed_is_free_at_once(tmp_path: Path) -> None:
    async with an_engine(tmp_path) as engine:
        connection_id = await made(engine, 1)
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.connections.requests.seat_child"),
            *(str(tmp_path), connection_id),
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert child.stdout is not None
        assert await child.stdout.readline() == b"sits\n"
        with pytest.raises(TemporarilyUnavailable):
            async with engine.seats.taken(LOCAL, connection_id, within=timedelta(0)):
                pass
        child.kill()
        await child.wait()
        async with engine.seats.taken(LOCAL, connection_id, within=timedelta(0)):
            pass


async def test_an_edit_of_the_limit_counts_at_once_and_costs_nothing(world: World) -> None:
    found = await world.draft(new={"at_once": 1})
    async with seated(world, found.id):
        edited = await world.engine.manage.edit(LOCAL, found.id, ConnectionEdit(at_once=2))
        assert edited.connection.at_once == 2
        assert edited.price.cost.name == "NOTHING"
        async with world.engine.seats.taken(LOCAL, found.id, within=timedelta(0)):
            pass
    copy = await world.engine.manage.duplicate(LOCAL, found.id, "copy")
    assert copy.at_once == 2
    with pytest.raises(InvalidInput) as caught:
        await world.engine.manage.edit(LOCAL, found.id, ConnectionEdit(at_once=-1))
    assert caught.value.field == "At most at once"


async def test_a_connection_that_was_deleted_has_no_seats(world: World) -> None:
    connection_id = await shared(world, 1)
    await world.engine.delete(LOCAL, connection_id)
    with pytest.raises(ConnectionNotFound):
        async with world.engine.seats.taken(LOCAL, connection_id):
            pass

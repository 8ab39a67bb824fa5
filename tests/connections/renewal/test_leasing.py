from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from grantline.connections.renewal.leasing import Leasing
from grantline.connections.renewal.presence import Presence, on_this_machine
from grantline.connections.renewal.spool import Spool
from grantline.connections.renewal.unsaved import Unsaved
from grantline.store.records.connections import ConnectionRecord
from tests.connections.world import World

MINUTE = timedelta(minutes=1)
OTHER = on_this_machine("elsewhere:1:ab")


class Office:
    """One process that wants leases, and the mark of another that has one."""

    def __init__(self, world: World, folder: Path, connection_id: str) -> None:
        self.world = world
        self.id = connection_id
        context = world.engine.context
        self.leasing = Leasing(context, Unsaved(context, Spool(folder)), folder, span=MINUTE)
        self.other = Presence(folder / "processes", OTHER)
        self.store = context.store
        assert self.store.acquire_lease(connection_id, OTHER, 1, MINUTE)

    @property
    def record(self) -> ConnectionRecord:
        return self.store.load_connection("local", self.id)

    async def gets_it(self) -> bool:
        return await self.leasing.acquire(self.record) is not None


@pytest.fixture
async def office(world: World, tmp_path: Path) -> Office:
    return Office(world, tmp_path, (await world.authorized()).id)


async def test_a_process_of_which_nothing_is_known_has_its_lease_until_that_ends(
    office: Office,
) -> None:
    assert not await office.gets_it()
    office.world.clock.set(office.world.clock.now() + MINUTE)
    assert await office.gets_it()


async def test_a_process_that_is_gone_has_no_lease(office: Office) -> None:
    office.other.announce(office.world.clock.now())
    assert not await office.gets_it()
    office.other.end(owes=True)
    assert await office.gets_it()


@pytest.mark.parametrize("jump", [timedelta(0), 60 * MINUTE, -60 * MINUTE])
async def test_a_process_that_is_alive_is_watched_for_the_whole_span(
    office: Office, jump: timedelta
) -> None:
    office.other.announce(office.world.clock.now())
    clock = office.world.clock
    clock.set(clock.now() + jump)
    assert not await office.gets_it()
    clock.advance(MINUTE - timedelta(seconds=1))
    assert not await office.gets_it()
    clock.advance(timedelta(seconds=1))
    assert await office.gets_it()
    office.other.end(owes=False)


async def test_a_lease_of_its_own_that_it_could_not_give_back_is_taken_again(
    office: Office,
) -> None:
    office.world.clock.advance(MINUTE)
    assert await office.gets_it()
    assert await office.gets_it()

"""Processes that are stopped, and wall clocks that jump: nothing is spent twice for it."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.renewal.refresh import LOOK_AGAIN
from grantline.connections.renewal.waiting import POLL
from grantline.errors import RefreshInProgress
from grantline.secret import Secret
from grantline.testing.authorization_server import ServerOptions
from grantline.testing.clock import FakeClock, JumpingClock
from tests.connections.world import World, an_engine
from tests.faults.conftest import Report
from tests.processes.conftest import Town

GRACE = ServerOptions(grace=timedelta(seconds=30))
HOUR = timedelta(hours=1)
LONG = ServerOptions(access_token_lifetime=3 * HOUR)
JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forwards", "backwards"])


@pytest.mark.processes
@pytest.mark.parametrize("options", [GRACE], ids=["grace"])
def test_a_holder_that_was_stopped_beyond_its_lease_overwrites_nothing(
    town: Town, report: Report
) -> None:
    async def renew(world: World) -> str:
        rejected = Secret(town.token)
        watched = 0
        while True:
            try:
                token = await world.engine.token(LOCAL, town.connection, rejected=rejected)
            except RefreshInProgress:
                watched += 1
            else:
                # It is alive, so its lease was watched for all of its span before it was taken.
                assert watched == 2
                return token.reveal()

    async def kept(world: World) -> tuple[str, str, int]:
        found = await world.engine.find(LOCAL, town.connection)
        return await world.token(found), await world.refresh_token(found), found.generation

    child = town.child()
    child.expect("ready")
    with town.server.hold("token", "committed") as hold:
        child.go()
        hold.wait()
        child.signal(signal.SIGSTOP)
        renewed = town.run(renew, JumpingClock(datetime.now(UTC)))
        before = town.run(kept)
        hold.release()
        child.signal(signal.SIGCONT)
        assert child.found() == [renewed]
    assert child.end() == 0
    assert town.run(kept) == before
    assert before[0] == renewed
    report("SIGSTOP for longer than the lease, then SIGCONT", "works", grace="30 s")


class WrongClock(FakeClock):
    """A clock of the clients alone, which somebody sets while others sleep by it."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


@JUMPS
@pytest.mark.parametrize("options", [LONG], ids=["long"])
def test_a_clock_that_jumps_during_a_renewal_ends_no_lease(
    town: Town, report: Report, jump: timedelta
) -> None:
    """The wall clock of every process, and of the database, but not that of the server."""

    async def renew(world: World) -> None:
        rejected = Secret(town.token)
        async with an_engine(world.folder, world.clock) as other:
            with anyio.fail_after(20), world.server.hold("token", "committed") as hold:
                first = asyncio.ensure_future(
                    world.engine.token(LOCAL, town.connection, rejected=rejected)
                )
                await hold.reached()
                second = asyncio.ensure_future(
                    other.token(LOCAL, town.connection, rejected=rejected)
                )
                await world.clock.wait_for_sleepers()
                clock.ahead = jump
                for _ in range(3):
                    world.clock.advance(LOOK_AGAIN)
                    await world.clock.wait_for_sleepers()
                hold.release()
            token = await first
            while not second.done():
                world.clock.advance(POLL)
                await asyncio.wait([second], timeout=0.01)
            assert await second == token
        assert len(world.refreshes()) == 1

    clock = WrongClock(town.clock.now())
    town.run(renew, clock)
    report(f"wall clock {_way(jump)} by an hour during a renewal", "works, sent once")


@JUMPS
def test_a_clock_that_jumped_is_followed_and_nothing_is_held_for_dead(
    town: Town, report: Report, jump: timedelta
) -> None:
    async def use(world: World) -> None:
        found = await world.engine.find(LOCAL, town.connection)
        assert (await world.get(found)).is_success
        clock.ahead = jump
        assert (await world.get(found)).is_success
        world.clock.advance(HOUR / 4)
        assert (await world.get(found)).is_success
        # A deletion is followed within a second, whatever the clock shows.
        async with an_engine(world.folder, world.clock) as other:
            await other.delete(LOCAL, found.name)
        world.clock.advance(timedelta(seconds=1))
        assert world.engine.tokens.held(LOCAL, found.id, world.clock.now()) is None

    clock = WrongClock(town.clock.now())
    town.run(use, clock)
    report(f"wall clock {_way(jump)} by an hour between renewals", "works")


def _way(jump: timedelta) -> str:
    return "forwards" if jump > timedelta(0) else "backwards"

"""Four processes of fifty tasks on one connection, for minutes of simulated time, with faults."""

from __future__ import annotations

import os
import random
import signal
from datetime import timedelta
from typing import Final

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from grantline.testing.authorization_server import (
    Delay,
    Drop,
    Fault,
    Moment,
    Refuse,
    ServerOptions,
    Truncate,
)
from grantline.testing.authorization_server.faults import Faults
from tests.connections.world import World, environment
from tests.faults import traffic_child
from tests.faults.conftest import Report
from tests.processes.conftest import Town
from tests.processes.forking import Child

pytestmark = pytest.mark.processes

PROCESSES: Final = 4
TASKS: Final = 50
STEP: Final = timedelta(seconds=5)
IS_LONG: Final = os.environ.get("FAULTS") == "long"
STEPS: Final = 120 if IS_LONG else 15
FAULTS: Final[tuple[Fault, ...]] = (
    None,
    None,
    Refuse(503),
    Refuse(429),
    Delay(timedelta(milliseconds=20), Moment.AFTER_COMMIT),
    Drop(Moment.AFTER_COMMIT),
    Drop(Moment.BEFORE_COMMIT),
    Truncate(),
)
# Short lives, so that something is renewed at almost every step.
OPTIONS: Final = ServerOptions(
    access_token_lifetime=timedelta(seconds=30), grace=timedelta(seconds=30)
)


def start(town: Town) -> Child:
    orders = {
        "environment": environment(town.folder),
        "connection": town.connection,
        "tasks": TASKS,
    }
    return town.start(traffic_child.main, orders)


@pytest.mark.parametrize("options", [OPTIONS], ids=["grace"])
def test_minutes_of_traffic_with_faults_lose_nothing(town: Town, report: Report) -> None:
    chance = random.Random(7)
    processes = [start(town) for _ in range(PROCESSES)]
    for each in processes:
        each.expect("ready")
    served = failed = 0
    ahead = timedelta(0)
    for step in range(STEPS):
        ahead += STEP
        town.clock.advance(STEP)
        town.server.script("token", chance.choice(FAULTS))
        if step % 10 == 7:
            # One dies in the middle of whatever it does, and another takes its place.
            victim = processes.pop(0)
            victim.line.send(ahead)
            victim.signal(signal.SIGKILL)
            assert victim.end() == -signal.SIGKILL
            processes.append(start(town))
            processes[-1].expect("ready")
        for each in processes:
            each.line.send(ahead)
        for each in processes:
            found = each.found()
            assert any(one == "status 200" or one.startswith("error") for one in found)
            tokens = {one for one in found if one.startswith("at_")}
            assert len(tokens) <= 2  # the one before, and the one that came meanwhile
            served += len(tokens)
            failed += sum(one.startswith("error") for one in found)
    for each in processes:
        each.line.send(None)
    assert [each.end() for each in processes] == [0] * PROCESSES

    town.server._service.faults = Faults()  # noqa: SLF001 - forgets what was to come

    async def is_sound(world: World) -> tuple[State, int]:
        found = await world.engine.find(LOCAL, town.connection)
        world.clock.advance(timedelta(hours=1))
        assert await world.token(found)
        found = await world.engine.find(LOCAL, town.connection)
        assert (await world.get(found)).is_success
        assert world.engine.context.store.open_attempts() == []
        return found.state, len(world.refreshes())

    state, renewals = town.run(is_sound)
    assert state is State.AUTHORIZED
    assert served > failed
    assert renewals > STEPS // 4
    # In the end the journal says whether any refresh token was sent twice outside the grace.
    report(
        f"{PROCESSES} processes of {TASKS} tasks, {(STEPS * STEP).total_seconds():.0f} s of "
        "simulated time, faults at random",
        "works, nothing sent twice outside the grace",
        grace="30 s",
    )

"""Four processes of fifty tasks on one connection, for minutes of simulated time, with faults."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
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
from tests.faults.conftest import Report
from tests.processes.conftest import ROOT, Town

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


class Process:
    def __init__(self, town: Town) -> None:
        orders = {
            "environment": environment(town.folder),
            "connection": town.connection,
            "tasks": TASKS,
        }
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.traffic_child", json.dumps(orders)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        town.children.append(self.popen)

    def say(self, words: str) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write(f"{words}\n")
        self.popen.stdin.flush()

    def line(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()


@pytest.mark.parametrize("options", [OPTIONS], ids=["grace"])
def test_minutes_of_traffic_with_faults_lose_nothing(town: Town, report: Report) -> None:
    chance = random.Random(7)
    processes = [Process(town) for _ in range(PROCESSES)]
    assert {each.line() for each in processes} == {"ready"}
    served = failed = killed = 0
    ahead = timedelta(0)
    for step in range(STEPS):
        ahead += STEP
        town.clock.advance(STEP)
        town.server.script("token", chance.choice(FAULTS))
        if step % 10 == 7:
            # One dies in the middle of whatever it does, and another takes its place.
            victim = processes.pop(0)
            victim.say(str(ahead.total_seconds()))
            victim.popen.kill()
            victim.popen.communicate()
            killed += 1
            processes.append(Process(town))
            assert processes[-1].line() == "ready"
        for each in processes:
            each.say(str(ahead.total_seconds()))
        for each in processes:
            found = json.loads(each.line())
            assert any(one == "status 200" or one.startswith("error") for one in found)
            tokens = {one for one in found if one.startswith("at_")}
            assert len(tokens) <= 2  # the one before, and the one that came meanwhile
            served += len(tokens)
            failed += sum(one.startswith("error") for one in found)
    for each in processes:
        each.popen.communicate(timeout=20)
        assert each.popen.returncode == 0

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

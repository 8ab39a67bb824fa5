"""kill -9 at every step of a renewal: nothing is lost but what no client could save.

No time passes until the next process finishes what was begun: it need not wait for a lease.

Between the server's commit and our own a refresh token exists only on the wire. A server with a
grace period gives it again; one without has lost it, and then the connection says so.
"""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from grantline.errors import InvalidGrant, ReauthorizationRequired
from grantline.secret import Secret
from grantline.testing.authorization_server import Rule, ServerOptions
from tests.connections.world import World
from tests.faults.conftest import Report
from tests.processes.conftest import Town

pytestmark = pytest.mark.processes

GRACE = ServerOptions(grace=timedelta(seconds=30))
NO_GRACE = ServerOptions()

# Where it stops: in the store, before or after a method; or at a gate of the server.
STORE = {
    "before the intent": ("before", "begin_attempt"),
    "after the intent": ("after", "begin_attempt"),
    "before the answer is kept": ("before", "save_answer"),
    "after the answer is kept": ("after", "save_answer"),
    "before the tokens are saved": ("before", "save_refreshed"),
    "after the tokens are saved": ("after", "save_refreshed"),
}
SERVER = {"after it was sent": "committed", "after the first bytes": "answering"}
LOST = {*SERVER, "before the answer is kept"}
POINTS = [*STORE, *SERVER]
SAID = "lost with the answer; says so, with the time"


def _kill_at(town: Town, point: str) -> None:
    child = town.child(stop=STORE.get(point))
    child.expect("ready")
    if point in STORE:
        child.go()
        child.expect("stopped")
        child.signal(signal.SIGKILL)
    else:
        with town.server.hold("token", SERVER[point]) as hold:
            child.go()
            hold.wait()
            child.signal(signal.SIGKILL)
    assert child.end() == -signal.SIGKILL


async def _works(town: Town, world: World) -> None:
    token = await world.engine.token(LOCAL, town.connection, rejected=Secret(town.token))
    assert token.reveal() != town.token
    found = await world.engine.find(LOCAL, town.connection)
    assert found.state is State.AUTHORIZED
    assert (await world.get(found)).is_success
    store = world.engine.context.store
    assert store.open_attempts(town.connection) == []
    assert store.load_connection("local", town.connection).lease_owner is None
    # And it goes on working: the refresh token that is kept is a good one.
    again = await world.engine.token(LOCAL, town.connection, rejected=token)
    assert again != token


async def _is_lost(town: Town, world: World) -> None:
    rejected = Secret(town.token)
    with pytest.raises(InvalidGrant):
        await world.engine.token(LOCAL, town.connection, rejected=rejected)
    found = await world.engine.find(LOCAL, town.connection)
    assert (found.state, found.cause) == (State.FAILING, "rotation_answer_lost")
    world.clock.advance(timedelta(seconds=60))
    with pytest.raises(InvalidGrant):
        await world.engine.token(LOCAL, town.connection, rejected=rejected)
    found = await world.engine.find(LOCAL, town.connection)
    assert (found.state, found.cause) == (
        State.REAUTHORIZATION_REQUIRED,
        "rotation_answer_lost",
    )
    assert "answer was lost on its way" in found.explanation
    assert "(Attempt att_" in found.explanation
    with pytest.raises(ReauthorizationRequired):
        await world.engine.token(LOCAL, town.connection, rejected=rejected)
    assert len(world.refreshes()) == 3


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("options", [GRACE], ids=["grace"])
def test_with_a_grace_period_nobody_notices(town: Town, point: str, report: Report) -> None:
    _kill_at(town, point)
    town.run(lambda world: _works(town, world))
    report(f"kill -9 {point}", "works", grace="30 s")


@pytest.mark.parametrize("point", [each for each in POINTS if each not in LOST])
@pytest.mark.parametrize("options", [NO_GRACE], ids=["no grace"])
def test_without_grace_nothing_is_lost_that_could_be_kept(
    town: Town, point: str, report: Report
) -> None:
    _kill_at(town, point)
    town.run(lambda world: _works(town, world))
    report(f"kill -9 {point}", "works")


@pytest.mark.parametrize("point", [each for each in POINTS if each in LOST])
@pytest.mark.parametrize("options", [NO_GRACE], ids=["no grace"])
def test_without_grace_a_lost_answer_is_said_to_be_one(
    town: Town, point: str, report: Report
) -> None:
    town.server.journal.allow(Rule.REFRESH_TOKEN_REUSED)
    _kill_at(town, point)
    town.run(lambda world: _is_lost(town, world))
    # The one retry, and the one confirmation a minute later.
    assert len(town.server.journal.violations) == 2
    report(f"kill -9 {point}", SAID)


@pytest.mark.postgres
@pytest.mark.parametrize("point", ["after it was sent", "after the answer is kept"])
@pytest.mark.parametrize("options", [GRACE], ids=["grace"])
def test_it_is_the_same_on_postgresql(town: Town, point: str, report: Report) -> None:
    _kill_at(town, point)
    town.run(lambda world: _works(town, world))
    report(f"kill -9 {point}", "works", database="PostgreSQL", grace="30 s")

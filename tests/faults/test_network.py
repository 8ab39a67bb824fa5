"""Networks and servers that fail between the request and the last byte of its answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from grantline.errors import GrantlineError, InvalidGrant
from grantline.secret import Secret
from grantline.testing.authorization_server import (
    AnswerTwice,
    Delay,
    Drip,
    Drop,
    Fault,
    Moment,
    Refuse,
    Rule,
    ServerOptions,
    Truncate,
)
from grantline.testing.clock import FakeClock
from tests.connections.world import World
from tests.faults.conftest import Report
from tests.processes.conftest import Town

MOMENT = timedelta(milliseconds=20)
GRACE = ServerOptions(grace=timedelta(seconds=30))
LOST: dict[str, Fault] = {
    "network cut after the request was sent": Drop(Moment.AFTER_COMMIT),
    "answer cut off in the middle": Truncate(),
    "answer cut off before its first byte": Truncate(keep=0),
}
SURVIVED: dict[str, Fault] = {
    "network cut before the request was carried out": Drop(Moment.BEFORE_COMMIT),
    "server slow before it rotates": Delay(MOMENT),
    "server slow after it has rotated": Delay(MOMENT, Moment.AFTER_COMMIT),
    "answer slow, a few bytes at a time": Drip(timedelta(milliseconds=1), chunk_bytes=40),
    "answer doubled": AnswerTwice(),
}
LATER: dict[str, Fault] = {
    "server overloaded (503)": Refuse(503),
    "server throttles (429)": Refuse(429, retry_after="30"),
    "server answers with a page of HTML": Refuse(500, body=b"<html>"),
    "server refuses without a reason (400)": Refuse(400),
}


async def _works(town: Town, world: World) -> None:
    token = await world.engine.token(LOCAL, town.connection, rejected=Secret(town.token))
    found = await world.engine.find(LOCAL, town.connection)
    assert found.state is State.AUTHORIZED
    assert (await world.get(found)).is_success
    assert await world.engine.token(LOCAL, town.connection, rejected=token) != token


@pytest.mark.parametrize("fault", [*SURVIVED, *LOST])
@pytest.mark.parametrize("options", [GRACE], ids=["grace"])
def test_with_a_grace_period_nobody_notices(town: Town, fault: str, report: Report) -> None:
    town.server.script("token", (SURVIVED | LOST)[fault])
    town.run(lambda world: _works(town, world))
    report(fault, "works", grace="30 s")


@pytest.mark.parametrize("fault", SURVIVED)
def test_without_grace_what_was_not_lost_works(town: Town, fault: str, report: Report) -> None:
    town.server.script("token", SURVIVED[fault])
    town.run(lambda world: _works(town, world))
    report(fault, "works")


@pytest.mark.parametrize("fault", LOST)
def test_without_grace_a_lost_answer_is_said_to_be_one(
    town: Town, fault: str, report: Report
) -> None:
    town.server.journal.allow(Rule.REFRESH_TOKEN_REUSED)

    async def is_lost(world: World) -> None:
        for state in (State.FAILING, State.REAUTHORIZATION_REQUIRED):
            with pytest.raises(InvalidGrant):
                await world.engine.token(LOCAL, town.connection, rejected=Secret(town.token))
            found = await world.engine.find(LOCAL, town.connection)
            assert (found.state, found.cause) == (state, "rotation_answer_lost")
            world.clock.advance(timedelta(minutes=1))

    town.server.script("token", LOST[fault])
    town.run(is_lost)
    report(fault, "lost with the answer; says so, with the time")


@pytest.mark.parametrize("fault", LATER)
def test_what_passes_kills_nothing(town: Town, fault: str, report: Report) -> None:
    """Twenty times in a row, over hours; and then the server is well again."""

    async def survives(world: World) -> None:
        rejected = Secret(town.token)
        for _ in range(20):
            town.server.script("token", LATER[fault])
            with pytest.raises(GrantlineError):
                await world.engine.token(LOCAL, town.connection, rejected=rejected)
            found = await world.engine.find(LOCAL, town.connection)
            assert found.state is State.FAILING
            assert found.explanation
            world.clock.advance(timedelta(days=1))
        rejected = await world.engine.token(LOCAL, town.connection, rejected=rejected)

    clock = FakeClock(town.clock.now())
    town.run(survives, clock)
    report(fault, "failing while it lasts, then works")

"""Databases that fail while an answer is under way.

The service gives no grace period: what is lost once is lost for good.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from tests.connections.world import World
from tests.faults.conftest import Report
from tests.postgres import PostgresServer
from tests.processes.conftest import Town
from tests.processes.forking import Child

pytestmark = pytest.mark.processes

# What the spool file needs, and less than where the database's own file goes on.
LITTLE_BYTES = 16 * 1024


def full(child: Child) -> None:
    """No file of the process grows any more, but for a small one: the kernel sees to it."""
    no_limit = resource.RLIM_INFINITY
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (LITTLE_BYTES, no_limit))


def free(child: Child) -> None:
    no_limit = resource.RLIM_INFINITY
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (no_limit, no_limit))


@contextmanager
def an_answer_under_way(town: Town, **orders: Any) -> Iterator[Child]:
    """A process whose token the server has just rotated; its answer comes after the block."""
    child = town.child(lingers=True, **orders)
    child.expect("ready")
    with town.server.hold("token", "committed") as hold:
        child.go()
        hold.wait()
        yield child


def works(town: Town, token: str) -> None:
    """The token that the process gave out was saved, and the next renewal works."""

    async def use(world: World) -> None:
        await world.engine.background.finish_begun()
        found = await world.engine.find(LOCAL, town.connection)
        assert await world.token(found) == token
        found = await world.engine.find(LOCAL, town.connection)
        assert (found.state, found.generation) == (State.AUTHORIZED, 2)
        assert (await world.get(found)).is_success
        assert len(world.refreshes()) == 1
        assert world.engine.context.store.open_attempts() == []
        assert not (town.folder / "refresh.spool").exists()
        assert await world.token(found, rejected=(await world.engine.token(LOCAL, found.id)))

    town.run(use)


def test_a_disk_that_is_full_and_then_is_not(town: Town, report: Report) -> None:
    with an_answer_under_way(town) as child:
        full(child)
    (token,) = child.found()
    assert token.startswith("at_")
    assert (town.folder / "refresh.spool").exists()
    free(child)
    child.go()
    assert child.end() == 0
    works(town, token)
    report("disk full when the answer comes", "works; new token given out meanwhile")


def test_a_process_killed_while_its_disk_is_full(town: Town, report: Report) -> None:
    with an_answer_under_way(town) as child:
        full(child)
    (token,) = child.found()
    child.signal(signal.SIGKILL)
    child.end()
    works(town, token)
    report("disk full when the answer comes, then kill -9", "works, from the spool file")


@pytest.mark.postgres
def test_a_database_that_may_only_be_read(
    town: Town, postgres: PostgresServer, report: Report
) -> None:
    assert town.url is not None
    with an_answer_under_way(town) as child:
        postgres.cut(town.url, read_only=True)
    (token,) = child.found()
    assert token.startswith("at_")
    postgres.cut(town.url, read_only=False)
    child.go()
    assert child.end() == 0
    works(town, token)
    report(
        "database read-only when the answer comes",
        "works; new token given out meanwhile",
        database="PostgreSQL",
    )


@pytest.mark.postgres
def test_a_process_killed_while_its_database_hangs(
    town: Town, postgres: PostgresServer, report: Report
) -> None:
    with ExitStack() as hanging:
        with an_answer_under_way(town, patience_s=1) as child:
            hanging.enter_context(postgres.hung())
        (token,) = child.found()
        child.signal(signal.SIGKILL)
        child.end()
    works(town, token)
    report(
        "database hangs when the answer comes, then kill -9",
        "works, from the spool file; new token given out meanwhile",
        database="PostgreSQL",
    )


@pytest.mark.postgres
def test_a_database_that_restarts(town: Town, postgres: PostgresServer, report: Report) -> None:
    with an_answer_under_way(town) as child:
        postgres.crash_and_restart()
    (token,) = child.found()
    child.go()
    assert child.end() == 0
    works(town, token)
    report("database restarted during a renewal", "works", database="PostgreSQL")


@pytest.mark.postgres
def test_a_connection_to_the_database_that_is_cut(
    town: Town, postgres: PostgresServer, report: Report
) -> None:
    assert town.url is not None
    with an_answer_under_way(town) as child:
        postgres.cut(town.url)
    (token,) = child.found()
    child.go()
    assert child.end() == 0
    works(town, token)
    report("connections to the database cut during a renewal", "works", database="PostgreSQL")

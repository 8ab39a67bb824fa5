"""Several processes on one database: one renewal, no overwriting, and endings that leave order."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.open import open_installation
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.secret import Secret
from grantline.testing.authorization_server import ServerOptions
from tests.connections.world import World, environment
from tests.processes.conftest import Town

pytestmark = pytest.mark.processes

GRACE = ServerOptions(grace=timedelta(seconds=30))


def _race(town: Town) -> None:
    children = [town.child(tasks=50) for _ in range(3)]
    for child in children:
        child.expect("ready")
    for child in children:
        child.go()
    tokens = {token for child in children for token in child.found()}
    assert [child.end() for child in children] == [0, 0, 0]
    assert len(tokens) == 1
    assert town.token not in tokens
    assert tokens.pop().startswith("at_")
    assert town.run(_refreshes) == 1


async def _refreshes(world: World) -> int:
    return len(world.refreshes())


def test_many_tasks_in_many_processes_share_one_renewal(town: Town) -> None:
    _race(town)


@pytest.mark.postgres
def test_many_tasks_in_many_processes_share_one_renewal_on_postgresql(town: Town) -> None:
    _race(town)


@pytest.mark.postgres
def test_and_so_they_do_behind_a_pooler(town: Town, pooled_url: str) -> None:
    town.url = pooled_url
    _race(town)


@pytest.mark.parametrize("options", [GRACE], ids=["grace"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_renewal_leaves_a_sound_store(town: Town, number: int) -> None:
    child = town.child()
    child.expect("ready")
    with town.server.hold("token", "committed") as hold:
        child.go()
        hold.wait()
        child.signal(number)
        hold.release()
    assert child.end() != 0
    town.clock.advance(timedelta(minutes=2))

    async def works(world: World) -> int:
        await world.engine.token(LOCAL, town.connection, rejected=Secret(town.token))
        found = await world.engine.find(LOCAL, town.connection)
        assert found.state is State.AUTHORIZED
        assert (await world.get(found)).is_success
        assert world.engine.context.store.open_attempts() == []
        return len(world.refreshes())

    # Ctrl-C lets the renewal finish; SIGTERM, unhandled, ends the process at once.
    assert town.run(works) == (1 if number == signal.SIGINT else 2)


def test_a_key_is_changed_and_given_up_under_a_process_that_runs(town: Town) -> None:
    child = town.child()
    child.expect("ready")
    here = Settings.from_environment(environment(town.folder))
    with open_installation(here) as installation:
        keys = installation.keys
        (old,) = keys.held
        keys.make_primary(new := keys.add())
        assert keys.rewrap().left == 0
        keys.retire(old.fingerprint)
    child.go()
    (renewed,) = child.found()
    assert child.end() == 0
    with open_installation(here) as installation:
        # Not even what the running process has just sealed needs the old key.
        found = {each.fingerprint: each.sealed for each in installation.keys.statuses()}
        assert found[new] > 0
        assert found[old.fingerprint] == 0

    async def kept(world: World) -> str:
        return await world.token(await world.engine.find(LOCAL, town.connection))

    assert town.run(kept) == renewed

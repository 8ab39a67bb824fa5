"""Stopping a server or a command in the middle of a renewal: what was rotated is kept."""

from __future__ import annotations

import signal
import socket
from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from tests.connections.world import World, environment
from tests.processes import serving_child
from tests.processes.conftest import Town, command
from tests.processes.forking import Child

pytestmark = pytest.mark.processes


def start(town: Town) -> tuple[Child, int]:
    """A server that begins to renew the connection of ``town``, and its port."""
    orders = {
        "environment": environment(town.folder),
        "connection": town.connection,
        "token": town.token,
    }
    child = town.start(serving_child.main, orders)
    return child, child.said()


def wait_until_closed(port: int) -> None:
    """Returns once nobody is let in any more: the server has begun to stop."""
    while True:
        with socket.socket() as visitor:
            if visitor.connect_ex(("127.0.0.1", port)) != 0:
                return


async def works(town: Town, world: World) -> None:
    found = await world.engine.find(LOCAL, town.connection)
    assert found.state is State.AUTHORIZED
    assert await world.token(found) != town.token
    assert world.engine.context.store.open_attempts() == []
    # The refresh token that was saved is the one that the service gave last.
    world.clock.advance(timedelta(hours=1))
    await world.token(found)
    assert len(world.refreshes()) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_told_to_stop_saves_what_it_is_renewing(town: Town, number: int) -> None:
    with town.server.hold("token", "committed") as hold:
        child, port = start(town)
        hold.wait()
        child.signal(number)
        wait_until_closed(port)
        assert child.process.is_alive()
        hold.release()
        assert child.end() == 0
    town.run(lambda world: works(town, world))


def test_a_second_signal_ends_it_at_once(town: Town) -> None:
    with town.server.hold("token", "committed") as hold:
        child, port = start(town)
        hold.wait()
        child.signal(signal.SIGTERM)
        wait_until_closed(port)
        child.signal(signal.SIGTERM)
        assert child.end() == -signal.SIGTERM


def test_a_command_that_is_told_to_stop_saves_what_it_is_renewing(town: Town) -> None:
    with town.server.hold("token", "committed") as hold:
        process = command(town.folder, "token", town.connection, "--min-ttl", "2h")
        hold.wait()
        process.process.terminate()
        hold.release()
        status, out, _ = process.end()
        assert (status, out) == (143, "")
    town.run(lambda world: works(town, world))

"""Stopping a server or a command in the middle of a renewal: what was rotated is kept."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from datetime import timedelta

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.state import State
from tests.connections.world import World
from tests.processes.conftest import ROOT, Town, command

pytestmark = pytest.mark.processes


def start(town: Town) -> tuple[subprocess.Popen[str], int]:
    """A server that begins to renew the connection of ``town``, and its port."""
    orders = {"folder": str(town.folder), "connection": town.connection, "token": town.token}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.processes.serving_child", json.dumps(orders)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    town.children.append(process)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


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
        process, port = start(town)
        hold.wait()
        process.send_signal(number)
        wait_until_closed(port)
        assert process.poll() is None
        hold.release()
        assert process.wait(timeout=20) == 0
    town.run(lambda world: works(town, world))


def test_a_second_signal_ends_it_at_once(town: Town) -> None:
    with town.server.hold("token", "committed") as hold:
        process, port = start(town)
        hold.wait()
        process.send_signal(signal.SIGTERM)
        wait_until_closed(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == -signal.SIGTERM


def test_a_command_that_is_told_to_stop_saves_what_it_is_renewing(town: Town) -> None:
    with town.server.hold("token", "committed") as hold:
        process = command(town.folder, "token", town.connection, "--min-ttl", "2h")
        hold.wait()
        process.send_signal(signal.SIGTERM)
        hold.release()
        out, _ = process.communicate(timeout=20)
        assert (process.returncode, out) == (143, "")
    town.run(lambda world: works(town, world))

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from grantline.connections.connection import Connection
from grantline.testing.authorization_server import FakeAuthorizationServer, ServerOptions
from grantline.testing.clock import FakeClock
from tests.connections.world import World, an_engine, environment

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


@dataclass
class Town:
    """One installation, one server, and processes that share them.

    Engines of this process run on ``clock``, which can jump beyond any lease; children and the
    server stay at the real time and at the time of the start.
    """

    folder: Path
    server: FakeAuthorizationServer
    url: str | None = None
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime.now(UTC)))
    connection: str = ""
    token: str = ""
    children: list[subprocess.Popen[str]] = field(default_factory=list)

    def settle(self) -> None:
        """Makes one connection that works."""

        async def make(world: World) -> Connection:
            found = await world.authorized()
            self.token = await world.token(found)
            return found

        self.connection = self.run(make).id

    def run(self, work: Callable[[World], Awaitable[T]], clock: FakeClock | None = None) -> T:
        """What ``work`` gives on a fresh engine in this process."""

        async def running() -> T:
            async with self._world(clock or self.clock) as world:
                return await work(world)

        return asyncio.run(running())

    def child(
        self, *, stop: tuple[str, str] | None = None, tasks: int = 1, lingers: bool = False
    ) -> Child:
        """A process that is ready to renew the connection; one that lingers is told when to end."""
        orders = {
            "environment": environment(self.folder),
            "url": self.url,
            "connection": self.connection,
            "stop": stop,
            "tasks": tasks,
            "lingers": lingers,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.child", json.dumps(orders)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(process)
        return Child(process)

    @asynccontextmanager
    async def _world(self, clock: FakeClock) -> AsyncIterator[World]:
        async with an_engine(self.folder, clock, url=self.url) as engine:
            yield World(engine, self.server, clock, self.folder)


@dataclass
class Child:
    process: subprocess.Popen[str]

    def expect(self, word: str) -> None:
        assert self._line() == word

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def found(self) -> list[str]:
        """The different tokens and errors that its tasks got."""
        return list(json.loads(self._line()))

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Waits for its end; gives its status."""
        self.process.communicate(timeout=20)
        return self.process.returncode

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            raise AssertionError(self.process.communicate(timeout=20)[1])
        return line


def command(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """``grantline`` with these arguments on the installation in ``folder``."""
    return subprocess.Popen(
        [sys.executable, "-c", "from grantline.cli.main import run; run()", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"],
            "GRANTLINE_DATA_DIR": str(folder),
            "GRANTLINE_ALLOW_HOSTS": "127.0.0.1",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def options() -> ServerOptions:
    return ServerOptions()


@pytest.fixture
def town(tmp_path: Path, options: ServerOptions, request: pytest.FixtureRequest) -> Iterator[Town]:
    """A town whose database is SQLite, or PostgreSQL for tests marked so."""
    url: Any = None
    if request.node.get_closest_marker("postgres"):
        url = request.getfixturevalue("migrated_postgres_url")
    clock = FakeClock(datetime.now(UTC))
    with FakeAuthorizationServer.in_thread(options, clock=clock) as server:
        made = Town(tmp_path, server, url)
        made.settle()
        try:
            yield made
        finally:
            for process in made.children:
                process.kill()
                process.communicate()
    server.journal.assert_clean()

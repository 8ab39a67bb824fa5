from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from grantline.connections.connection import Connection
from grantline.connections.renewal.unsaved import PATIENCE_S
from grantline.testing.authorization_server import FakeAuthorizationServer, ServerOptions
from grantline.testing.clock import FakeClock
from tests.connections.world import World, an_engine, environment
from tests.processes import child
from tests.processes.forking import Child, Command, Main

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
    children: list[Child] = field(default_factory=list)

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
        self,
        *,
        stop: tuple[str, str] | None = None,
        tasks: int = 1,
        lingers: bool = False,
        patience_s: float = PATIENCE_S,
    ) -> Child:
        """A process that is ready to renew the connection; one that lingers is told when to end."""
        orders = {
            "environment": environment(self.folder),
            "url": self.url,
            "connection": self.connection,
            "stop": stop,
            "tasks": tasks,
            "lingers": lingers,
            "patience_s": patience_s,
        }
        return self.start(child.main, orders)

    def start(self, main: Main, orders: dict[str, Any]) -> Child:
        """A process that follows ``orders`` until the end of the test at most."""
        started = Child.start(main, orders)
        self.children.append(started)
        return started

    @asynccontextmanager
    async def _world(self, clock: FakeClock) -> AsyncIterator[World]:
        async with an_engine(self.folder, clock, url=self.url) as engine:
            yield World(engine, self.server, clock, self.folder)


def command(folder: Path, *arguments: str, **environment: str) -> Command:
    """``grantline`` with these arguments on the installation in ``folder``."""
    mine = {
        "PATH": os.environ["PATH"],
        "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"],
        "GRANTLINE_DATA_DIR": str(folder),
        "GRANTLINE_ALLOW_HOSTS": "127.0.0.1",
        **environment,
    }
    return Command.start(mine, *arguments)


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
            for each in made.children:
                each.process.kill()
                each.end()
    server.journal.assert_clean()

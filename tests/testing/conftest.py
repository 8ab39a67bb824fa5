from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from grantline.testing.authorization_server import (
    Client,
    FakeAuthorizationServer,
    ServerOptions,
)
from grantline.testing.clock import FakeClock

Start = Callable[..., FakeAuthorizationServer]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def start(clock: FakeClock) -> Iterator[Start]:
    """Starts servers with options of the test's choice, on the same fake clock."""
    with ExitStack() as running:

        def started(
            options: ServerOptions | None = None, *clients: Client
        ) -> FakeAuthorizationServer:
            known = clients or (Client(),)
            server = FakeAuthorizationServer.in_thread(options, clients=known, clock=clock)
            return running.enter_context(server)

        yield started


@pytest.fixture
def server(start: Start) -> FakeAuthorizationServer:
    return start()

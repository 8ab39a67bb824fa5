from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantline.testing.authorization_server import ServerOptions
from grantline.testing.clock import FakeClock
from tests.connections.world import World, a_world


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server_options() -> ServerOptions:
    """How the server of ``world`` behaves: override or parametrize it."""
    return ServerOptions()


@pytest.fixture
async def world(
    tmp_path: Path, server_options: ServerOptions, clock: FakeClock
) -> AsyncIterator[World]:
    async with a_world(tmp_path, server_options, clock=clock) as running:
        yield running

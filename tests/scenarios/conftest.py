from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantline.scenarios.open import open_scenarios
from grantline.scenarios.service import Scenarios
from grantline.testing.authorization_server import ServerOptions
from grantline.testing.clock import FakeClock
from tests.connections.world import World, a_world


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def server_options() -> ServerOptions:
    """How the server of ``world`` behaves: override it."""
    return ServerOptions()


@pytest.fixture
async def world(
    tmp_path: Path, clock: FakeClock, server_options: ServerOptions
) -> AsyncIterator[World]:
    async with a_world(tmp_path, server_options, clock=clock) as running:
        yield running


@pytest.fixture
async def scenarios(world: World) -> AsyncIterator[Scenarios]:
    """The scenarios of ``world``, without workers."""
    async with open_scenarios(world.engine, world.settings, workers=False) as opened:
        yield opened

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grantline.testing.clock import JumpingClock
from tests.connections.world import World, a_world
from tests.scenarios.modules.workshop import Workshop


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, clock=JumpingClock()) as running:
        yield running


@pytest.fixture
def workshop(world: World) -> Workshop:
    return Workshop(world.engine, world.folder)

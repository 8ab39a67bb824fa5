"""An installation of one's own for each test: real store, real key, real guard, real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grantline.connections.engine import Engine
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.testing.clock import FakeClock
from tests.peers.peer import Peer


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment(
        {"GRANTLINE_DATA_DIR": str(tmp_path), "GRANTLINE_ALLOW_HOSTS": "127.0.0.1"}
    )


@pytest.fixture
def clock() -> FakeClock:
    """Our clock, which begins where the peers' clock is and moves only when a test moves it."""
    return FakeClock(datetime.now(UTC))


@pytest.fixture
async def engine(settings: Settings, clock: FakeClock) -> AsyncIterator[Engine]:
    async with open_engine(settings, clock=clock) as engine:
        yield engine


@pytest.fixture(params=["oidc_provider", "django_toolkit"])
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each of the two, one after the other."""
    found: Peer = request.getfixturevalue(request.param)
    return found

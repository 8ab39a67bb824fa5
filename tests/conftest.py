"""What every test starts from."""

import pytest
from hypothesis import settings

# The servers that others wrote, for every test that asks for one.
pytest_plugins = ["tests.peers.fixtures", "tests.postgres"]

# How long one example takes says something about the machine, not about the code.
settings.register_profile("grantline", deadline=None)
settings.load_profile("grantline")


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of async tests: aiohttp, our only engine, runs on asyncio."""
    return "asyncio"

"""What every test starts from."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

# Databases, and the servers that others wrote, for every test that asks for one.
pytest_plugins = [
    "tests.peers.fixtures",
    "tests.postgres",
    "tests.pgbouncer",
    "tests.storage",
    # Not asked for by anybody: it watches all of them.
    "tests.way_out",
]

# How long one example takes says something about the machine, not about the code.
settings.register_profile("grantline", deadline=None)
settings.load_profile("grantline")

# Nobody outside is talked to, and reading all the authorities that the system trusts takes longer
# than most tests. One whose key was thrown away stands for them, in processes of tests as well.
os.environ["SSL_CERT_FILE"] = str(Path(__file__).with_name("data") / "authority_of_nobody.pem")

# Shells let what they start in the background ignore Ctrl-C, which tests send to themselves and
# to processes that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of async tests: aiohttp, our only engine, runs on asyncio."""
    return "asyncio"

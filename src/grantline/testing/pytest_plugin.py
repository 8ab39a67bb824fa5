"""Fixtures: a fake authorization server whose journal must be clean in the end, and a fake clock.

Add ``pytest_plugins = ["grantline.testing.pytest_plugin"]`` to your ``conftest.py``. Override the
fixture ``server_options`` in a module or parametrize it to meet another kind of server::

    @pytest.fixture
    def server_options():
        return ServerOptions(rotate=False)
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grantline.testing.authorization_server import FakeAuthorizationServer, ServerOptions
from grantline.testing.clock import FakeClock


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that stands still until the test moves it."""
    return FakeClock()


@pytest.fixture
def server_options() -> ServerOptions:
    """How ``fake_authorization_server`` behaves: override it."""
    return ServerOptions()


@pytest.fixture
def fake_authorization_server(
    server_options: ServerOptions, fake_clock: FakeClock
) -> Iterator[FakeAuthorizationServer]:
    """A server in its own thread, on ``fake_clock``; the test fails if the client broke a rule.

    A test that breaks a rule on purpose says so: ``server.journal.allow(Rule.CODE_REUSED)``.
    """
    with FakeAuthorizationServer.in_thread(server_options, clock=fake_clock) as server:
        yield server
    server.journal.assert_clean()

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from grantline.testing.authorization_server import FakeAuthorizationServer, Rule, ServerOptions
from grantline.testing.clock import START, FakeClock
from tests.testing.plain_client import code_request, obtain_code, obtain_tokens, refresh, send

pytest_plugins = ["grantline.testing.pytest_plugin"]


@pytest.fixture
def server_options() -> ServerOptions:
    return ServerOptions(rotate=False)


def test_the_server_has_the_options_of_this_module_and_the_fake_clock(
    fake_authorization_server: FakeAuthorizationServer, fake_clock: FakeClock
) -> None:
    assert fake_clock.now() == START
    assert fake_authorization_server.clock is fake_clock
    kept = obtain_tokens(fake_authorization_server)["refresh_token"]
    assert refresh(fake_authorization_server, kept).status == 200


def test_a_rule_broken_on_purpose_is_allowed_by_name(
    fake_authorization_server: FakeAuthorizationServer,
) -> None:
    request = code_request(fake_authorization_server, obtain_code(fake_authorization_server))
    for _ in range(2):
        send("POST", fake_authorization_server.token_uri, form=request)
    fake_authorization_server.journal.allow(Rule.CODE_REUSED)


@pytest.mark.processes
def test_a_broken_rule_fails_the_test_that_broke_it(tmp_path: Path) -> None:
    (tmp_path / "test_leak.py").write_text(
        "import urllib.request\n"
        'pytest_plugins = ["grantline.testing.pytest_plugin"]\n'
        "def test_leak(fake_authorization_server):\n"
        "    server = fake_authorization_server\n"
        "    secret = server.client.client_secret\n"
        '    urllib.request.urlopen(f"{server.second_origin}/?q={secret}").close()\n'
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert "credential_at_wrong_origin: client secret was sent" in finished.stdout

"""The command line in this process, a store of its own, and a service on loopback."""

import io
import sys
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grantline.cli.main import status_of
from grantline.connections.settings import OF_THE_COMMAND_LINE, VARIABLES
from grantline.testing.authorization_server import FakeAuthorizationServer, ServerOptions

CLIENT_SECRET = "demo-secret-for-tests-only"


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    status: int
    out: str
    err: str


@dataclass
class CommandLine:
    """Runs commands and remembers all they said."""

    capture: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    said: list[str] = field(default_factory=list)

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        self.capture.readouterr()
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        status = status_of(arguments)
        out, err = self.capture.readouterr()
        if arguments[0] != "token":
            self.said += [out, err]
        return Ran(status, out, err)

    def ok(self, *arguments: str, stdin: str = "") -> Ran:
        ran = self.run(*arguments, stdin=stdin)
        assert ran.status == 0, ran
        return ran


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A fresh installation that may reach loopback."""
    for name in (*VARIABLES, *OF_THE_COMMAND_LINE, "NO_COLOR", "BROWSER", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GRANTLINE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GRANTLINE_ALLOW_HOSTS", "127.0.0.1")
    return monkeypatch


@pytest.fixture
def server_options() -> ServerOptions:
    return ServerOptions()


@pytest.fixture
def server(server_options: ServerOptions) -> Iterator[FakeAuthorizationServer]:
    with FakeAuthorizationServer.in_thread(server_options) as running:
        yield running
    running.journal.assert_clean()


@pytest.fixture
def cli(
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: FakeAuthorizationServer,
) -> Iterator[CommandLine]:
    """The command line; in the end, nothing it said may hold a secret."""
    commands = CommandLine(capsys, environment)
    yield commands
    said = "\n".join(commands.said)
    state = server._state  # noqa: SLF001 - the canaries are all that the server ever gave out
    secrets = [
        CLIENT_SECRET,
        *state.access_tokens,
        *state.refresh_tokens,
        *state.codes,
        *state.device_codes,
    ]
    assert [each for each in secrets if each in said] == []


@pytest.fixture
def browser(environment: pytest.MonkeyPatch, server: FakeAuthorizationServer) -> list[str]:
    """A browser whose person says yes; the addresses that it opened."""
    opened: list[str] = []

    def open_and_consent(url: str) -> bool:
        opened.append(url)
        with urllib.request.urlopen(server.approve(url), timeout=10) as page:
            assert "close this window" in page.read().decode()
        return True

    environment.setenv("BROWSER", "played")
    environment.setattr(webbrowser, "open", open_and_consent)
    return opened


@pytest.fixture
def secret_file(tmp_path: Path) -> str:
    path = tmp_path / "client-secret"
    path.write_text(CLIENT_SECRET + "\n")
    return str(path)


Create = Callable[..., Ran]


@pytest.fixture
def create(cli: CommandLine, server: FakeAuthorizationServer, secret_file: str) -> Create:
    """Creates the connection “orders” at the server, with more options if given."""

    def create(*more: str, name: str = "orders") -> Ran:
        service = ("--issuer", server.issuer, "--client-id", "demo-client")
        secret = ("--client-secret-file", secret_file, "--host", "127.0.0.1")
        return cli.ok("connection", "create", name, *service, *secret, *more)

    return create


@pytest.fixture
def machine(create: Create) -> None:
    """A connection “orders” with a token, got without a person."""
    create("--flow", "client-credentials", "--scope", "orders")

"""Consent by browser, by paste and by device."""

import json
from datetime import timedelta

import pytest

from grantline.cli.commands.connection import authorize as module
from grantline.cli.main import status_of
from grantline.clock import SystemClock
from grantline.oauth.app.settings import FlowType
from grantline.testing.authorization_server import FakeAuthorizationServer, ServerOptions
from tests.cli.conftest import CommandLine, Create


def test_the_browser_brings_the_answer_to_this_machine(
    create: Create, cli: CommandLine, browser: list[str]
) -> None:
    create("--scope", "orders", "--scope", "offline_access")

    ran = cli.ok("connection", "authorize", "orders")

    assert "Scopes granted   orders, offline_access" in ran.out
    assert "Token expires    in 1 h" in ran.out
    assert "Renewal          by itself" in ran.out
    assert browser[0] in ran.err


def test_create_can_go_on_to_consent(create: Create, cli: CommandLine, browser: list[str]) -> None:
    assert "Connected “orders”." in create("--authorize").out


def test_reauthorize_replaces_the_token_set(
    create: Create, cli: CommandLine, browser: list[str]
) -> None:
    create("--authorize")

    ran = cli.ok("connection", "reauthorize", "orders", "--format", "json")

    assert json.loads(ran.out)["generation"] == 2
    assert json.loads(ran.out)["warnings"] == []


def test_without_a_desktop_the_address_is_only_printed(
    create: Create, cli: CommandLine, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr("sys.platform", "linux")

    assert module.open_browser("https://auth.example/") is False


class TestAServerThatGrantsLess:
    @pytest.fixture
    def server_options(self) -> ServerOptions:
        return ServerOptions(scopes=("orders",), omit_refresh_token=True)

    def test_what_is_missing_is_said_with_the_likely_cause(
        self, create: Create, cli: CommandLine, browser: list[str]
    ) -> None:
        ran = create("--scope", "orders", "--scope", "admin", "--authorize")

        assert "fewer scopes than were asked for. Missing: admin." in ran.err
        assert "no refresh token" in ran.err
        assert "offline_access" in ran.err
        assert "Renewal          not possible without you" in ran.out


class Pasting:
    """Standard input that consents when it is read, as a person would."""

    def __init__(self, cli: CommandLine, server: FakeAuthorizationServer) -> None:
        self._cli = cli
        self._server = server
        self.decide = server.approve

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        said = self._cli.capture.readouterr().err
        url = next(word for word in said.split() if word.startswith(self._server.authorize_uri))
        return self.decide(url) + "\n"


def paste(cli: CommandLine, pasting: Pasting, *arguments: str) -> int:
    cli.monkeypatch.setattr("sys.stdin", pasting)
    return status_of(arguments)


def test_a_pasted_address_completes_the_consent(
    create: Create, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    create()

    assert paste(cli, Pasting(cli, server), "connection", "authorize", "orders", "--paste") == 0

    assert "Connected" in cli.capture.readouterr().out


def test_a_redirect_uri_on_another_machine_is_pasted(
    create: Create, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    create("--redirect-uri", "https://app.example/callback")

    assert paste(cli, Pasting(cli, server), "connection", "authorize", "orders") == 0


def test_a_no_is_told_in_the_servers_words(
    create: Create, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    create()
    pasting = Pasting(cli, server)
    pasting.decide = server.deny

    assert paste(cli, pasting, "connection", "authorize", "orders", "--paste") == 5

    err = cli.capture.readouterr().err
    assert "the server said: “access_denied" in err


def test_an_answer_to_nothing_is_refused(create: Create, cli: CommandLine) -> None:
    create()

    ran = cli.run(
        *("connection", "authorize", "orders", "--paste"),
        stdin="http://127.0.0.1/oauth/callback/x?code=a&state=b\n",
    )

    assert ran.status == 7
    assert cli.run("connection", "authorize", "orders", "--paste").status == 2


@pytest.mark.parametrize(
    ("pasted", "flow", "answer"),
    [
        ("http://127.0.0.1/cb?code=a&state=b", FlowType.AUTHORIZATION_CODE, "code=a&state=b"),
        (
            "https://app.example/cb?code=a&state=b#_=_",
            FlowType.AUTHORIZATION_CODE,
            "code=a&state=b",
        ),
        ("code=a&state=b", FlowType.AUTHORIZATION_CODE, "code=a&state=b"),
        ("https://app.example/cb#access_token=t", FlowType.IMPLICIT, "access_token=t"),
        ("https://app.example/cb?error=access_denied", FlowType.IMPLICIT, "error=access_denied"),
    ],
)
def test_the_answer_is_found_in_what_was_pasted(pasted: str, flow: FlowType, answer: str) -> None:
    assert module.answer_in(pasted, flow) == answer


class TestADevice:
    @pytest.fixture
    def server_options(self) -> ServerOptions:
        return ServerOptions(device_interval=timedelta(0))

    def test_a_code_is_shown_and_waited_for(
        self, create: Create, cli: CommandLine, server: FakeAuthorizationServer
    ) -> None:
        create("--flow", "device")
        typed: list[str] = []

        def note(text: str) -> None:
            if text.startswith("Waiting"):
                [device] = server._state.device_codes.values()  # noqa: SLF001 - what it gave out
                typed.append(device.user_code)
                server.approve_device(device.user_code)
            shown.append(text)

        async def no_time(clock: SystemClock, span: timedelta) -> None:
            """Polling goes on at once."""

        shown: list[str] = []
        cli.monkeypatch.setattr(SystemClock, "sleep", no_time)
        cli.monkeypatch.setattr(module, "note", note)
        ran = cli.ok("connection", "authorize", "orders")

        assert typed[0] in "\n".join(shown)
        assert "Connected “orders”." in ran.out


def test_device_needs_a_connection_of_that_flow(create: Create, cli: CommandLine) -> None:
    create()

    assert cli.run("connection", "authorize", "orders", "--device").status == 2
    assert cli.run("connection", "authorize", "orders", "--device", "--paste").status == 2


def test_nobody_comes_in_time(create: Create, cli: CommandLine) -> None:
    create()

    ran = cli.run("connection", "authorize", "orders", "--no-browser", "--timeout", "0s")

    assert ran.status == 7
    assert "in time" in ran.err

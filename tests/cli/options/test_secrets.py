"""Every way in for a secret, and no way in or out for one in the open."""

import json
import sys

import pytest

from grantline.cli.options import secrets
from grantline.testing.authorization_server import DEMO_PASSWORD, FakeAuthorizationServer
from tests.cli.conftest import CLIENT_SECRET, CommandLine


def obtain(cli: CommandLine, server: FakeAuthorizationServer, *how: str, stdin: str = "") -> int:
    return cli.run(
        *("connection", "create", "x", "--issuer", server.issuer, "--client-id", "demo-client"),
        *("--flow", "client-credentials", *how),
        stdin=stdin,
    ).status


def test_a_client_secret_by_file(
    cli: CommandLine, server: FakeAuthorizationServer, secret_file: str
) -> None:
    assert obtain(cli, server, "--client-secret-file", secret_file) == 0


@pytest.mark.parametrize("how", [("--client-secret-stdin",), ("--client-secret-file", "-")])
def test_a_client_secret_by_standard_input(
    how: tuple[str, ...], cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    assert obtain(cli, server, *how, stdin=CLIENT_SECRET + "\n") == 0


def test_a_client_secret_by_the_environment(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    cli.monkeypatch.setenv("GRANTLINE_CLIENT_SECRET", CLIENT_SECRET)

    assert obtain(cli, server) == 0


def test_a_client_secret_by_prompt(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    cli.monkeypatch.setattr("grantline.cli.commands.connection.plan.can_ask", lambda: True)
    cli.monkeypatch.setattr("grantline.cli.prompts.can_ask", lambda: True)
    cli.monkeypatch.setattr("grantline.cli.prompts.getpass", lambda *_, **__: CLIENT_SECRET)

    assert obtain(cli, server) == 0


def test_a_client_that_the_service_gives(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    create = ("connection", "create", "x", "--issuer", server.issuer, "--register")
    cli.monkeypatch.setenv("GRANTLINE_INITIAL_ACCESS_TOKEN", "initial-canary")
    ran = cli.ok(*create, "--flow", "client-credentials", "--draft")

    (entry,) = server.journal.at("register")
    assert dict(entry.incoming.headers)["Authorization"] == "Bearer initial-canary"
    assert f"Registered just now at {server.issuer}." in ran.out
    assert "the redirect URI, the grant types and the scopes" in ran.err
    assert "initial-canary" not in ran.out + ran.err
    assert "Connected" in cli.ok("connection", "authorize", "x").out


@pytest.mark.parametrize("typed", ["", "typed-id"])
def test_a_client_is_registered_when_nobody_types_its_id(
    typed: str, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    cli.monkeypatch.setattr("grantline.cli.commands.connection.plan.can_ask", lambda: True)
    cli.monkeypatch.setattr("grantline.cli.commands.connection.plan.ask", lambda *_, **__: typed)
    cli.monkeypatch.setattr(
        "grantline.cli.commands.connection.plan.ask_secret", lambda *_, **__: None
    )
    cli.ok("connection", "create", "x", "--issuer", server.issuer, "--draft")

    assert server.journal.count("register") == (typed == "")


@pytest.mark.parametrize(
    "wrong",
    [(), ("--issuer", "https://as.example", "--client-id", "typed")],
    ids=["no issuer", "id"],
)
def test_what_contradicts_registering_is_refused(wrong: tuple[str, ...], cli: CommandLine) -> None:
    ran = cli.run("connection", "create", "x", "--register", *wrong)

    assert (ran.status, "--register" in ran.err) == (2, True)


def test_a_password_and_user_name(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    cli.monkeypatch.setenv("GRANTLINE_CLIENT_SECRET", CLIENT_SECRET)

    ran = cli.ok(
        *("connection", "create", "x", "--issuer", server.issuer, "--client-id", "demo-client"),
        *("--flow", "password", "--username", "demo", "--password-stdin"),
        stdin=DEMO_PASSWORD,
    )

    assert "Connected" in ran.out
    assert DEMO_PASSWORD not in ran.out + ran.err


@pytest.mark.parametrize("option", ["--client-secret", "--password", "--private-key"])
@pytest.mark.parametrize("joint", ["=", " "])
def test_a_secret_as_an_argument_is_refused_with_the_right_way(
    option: str, joint: str, cli: CommandLine
) -> None:
    ran = cli.run("connection", "create", "x", *f"{option}{joint}canary-1234".split(" "))

    assert ran.status == 2
    assert f"{option}-file PATH" in ran.err
    assert "canary" not in ran.out + ran.err


def test_a_hand_made_authorization_header_is_a_secret_too(cli: CommandLine) -> None:
    ran = cli.run(
        *("connection", "create", "x", "--client-id", "a", "--token-uri", "https://a.example/t"),
        *("--custom-header", "Authorization: Basic canary-1234"),
    )

    assert ran.status == 2
    assert "client_secret_basic" in ran.err
    assert "canary" not in ran.out + ran.err


def test_values_of_custom_headers_are_not_shown(cli: CommandLine) -> None:
    cli.ok(
        *(
            "connection",
            "create",
            "x",
            "--client-id",
            "a",
            "--authorize-uri",
            "https://a.example/a",
        ),
        *("--token-uri", "https://a.example/t", "--custom-header", "X-Key: canary-1234"),
    )

    for form in ("text", "json"):
        for command in (("connection", "show"), ("app", "show")):
            ran = cli.ok(*command, "x", "--format", form)
            assert "X-Key" in ran.out
            assert "canary" not in ran.out


@pytest.mark.parametrize(
    "how",
    [
        ("--client-secret-file", "/nowhere"),
        ("--client-secret-file", "/"),
        ("--client-secret-stdin",),
        ("--client-secret-file", "-", "--client-secret-stdin"),
        ("--certificate-file", "/nowhere"),
        ("--private-key-file", "/nowhere"),
        ("--service-account-file", "/nowhere"),
    ],
)
def test_a_secret_that_cannot_be_read_is_one_sentence(
    how: tuple[str, ...], cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    assert obtain(cli, server, *how) == 2
    assert json.loads(cli.ok("connection", "list", "--format", "json").out) == []


def test_a_prompt_appears_on_a_terminal_only(cli: CommandLine) -> None:
    service = ("--client-id", "a", "--token-uri", "https://auth.example/token")
    ran = cli.run("connection", "create", "x", "--flow", "password", *service)

    assert ran.status == 2
    assert "--username" in ran.err
    assert not sys.stdin.isatty()


def test_standard_input_on_a_terminal_asks_without_showing(cli: CommandLine) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    cli.monkeypatch.setattr("sys.stdin", Terminal())
    cli.monkeypatch.setattr("grantline.cli.prompts.can_ask", lambda: True)
    cli.monkeypatch.setattr("grantline.cli.prompts.getpass", lambda *_, **__: "typed")

    assert secrets.secret_from_stdin("Client secret", option="o").reveal() == "typed"

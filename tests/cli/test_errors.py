"""How failures read, and the exit status of each kind."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from grantline import errors as tree
from grantline.cli import errors
from grantline.cli.main import status_of
from grantline.testing.authorization_server import FakeAuthorizationServer
from grantline.testing.authorization_server.exchange import Answer
from grantline.testing.authorization_server.faults import Drop, Refuse, Replace
from tests.cli.conftest import CommandLine, Create


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (tree.NotAuthorized("m"), 5),
        (tree.ConfigurationError("m"), 2),
        (tree.KeyUnavailable("m"), 3),
        (tree.ConnectionNotFound("m"), 4),
        (tree.StoreBusy("m"), 6),
        (tree.DiscoveryFailed("m", check="c"), 7),
        (tree.EgressBlocked("m", rule="r"), 8),
        (tree.LimitExceeded("m", limit="size"), 9),
        (tree.GrantlineError("m"), 1),
    ],
)
def test_the_exit_status_is_the_errors_own(
    error: tree.GrantlineError, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert errors.report(error, as_json=False) == status
    assert capsys.readouterr().err == "error: m\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("connections list", "Did you mean connection? See what it takes with: grantline --help"),
        (
            "connection lst",
            "Did you mean list? See what it takes with: grantline connection",
        ),
        ("request GET /me --paginate", "The option --paginate needs a value."),
        ("request GET /me --retry x", "Invalid value for “--retry”: it is not a whole number."),
        ("connection history x --limit 0", "Invalid value for “--limit”: the least is 1."),
        ("credential create x", "The option --kind is missing. Choose from: key, basic"),
        ("connection create x --client-id a", "Give --issuer, or --provider NAME"),
        ("provider show gihub", "It has github."),
    ],
)
def test_misuse_is_told_with_what_would_be_right(words: str, said: str, cli: CommandLine) -> None:
    ran = cli.run(*words.split())

    assert (ran.status, said in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    "words",
    ["connection show ordres", "app show ordres", "request GET /me -c Orders", "token orders-2"],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    words: str, machine: None, cli: CommandLine
) -> None:
    ran = cli.run(*words.split())

    assert (ran.status, "hint: Did you mean “orders”? See the names with: " in ran.err) == (4, True)


def test_an_error_is_one_line_and_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    errors.report(tree.NotAuthorized("It is\na draft.", hint="Authorize\x1b[2J it."), as_json=False)

    assert capsys.readouterr().err == "error: It is a draft.\nhint: Authorize\ufffd[2J it.\n"


def test_the_servers_words_are_quoted_as_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    refused = tree.InvalidClient("Refused.", error="invalid_client", description="no\x07pe")

    errors.report(refused, as_json=False)

    assert "the server said: “invalid_client: no\ufffdpe”\n" in capsys.readouterr().err


def test_json_errors_carry_every_fact(capsys: pytest.CaptureFixture[str]) -> None:
    refused = tree.InvalidClient("Refused.", error="invalid_client", status=401, hint="Look.")
    errors.report(refused, as_json=True)
    errors.report(tree.StoreBusy("m", retry_after=timedelta(seconds=3)), as_json=True)

    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["error"]["code"] == "invalid_client"
    assert first["error"]["server"]["status"] == 401
    assert second["error"]["retry_after"] == 3
    assert second["error"]["retryable"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ("connection", "show"),
        ("connection", "nonsense"),
        ("connection", "list", "--nonsense"),
        ("connection", "create", "x", "--flow", "telepathy"),
        ("connection", "create", "x", "--provider", "nobody"),
        ("connection", "create", "x", "--draft", "--authorize"),
        ("connection", "create", "x", "--client-id", "a", "--expired-status", "9"),
        ("connection", "create", "x", "--client-id", "a", "--scope-separator", "tab"),
        ("connection", "create", "x", "--client-id", "a", "--token-uri", "ftp://auth.example/"),
        ("connection", "create", "x", "--client-id", "a", "--response-rule", "nonsense=1"),
        ("connection", "create", "x", "--client-id", "a", "--username", "ann"),
        ("connection", "authorize", "x", "--timeout", "never"),
        ("connection", "history", "x", "--limit", "0"),
        ("request", "GET"),
        ("token",),
        ("discover", "not a url"),
    ],
)
def test_misuse_is_one_sentence_with_a_next_step(
    arguments: tuple[str, ...], cli: CommandLine
) -> None:
    ran = cli.run(*arguments)
    as_json = cli.run(*arguments, "--format", "json")

    assert ran.status == 2
    assert ran.out == ""
    lines = [line for line in ran.err.splitlines() if "master key" not in line]
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("hint: ")
    assert len(lines) == 2
    assert json.loads(as_json.err.splitlines()[-1])["error"]["code"]


def test_a_suggestion_never_names_an_option_that_only_refuses(cli: CommandLine) -> None:
    ran = cli.run("connection", "create", "x", "--client-secrt-file", "f")

    assert "Did you mean" in ran.err
    assert "--client-secret " not in ran.err


def test_a_stray_argument_is_not_repeated(cli: CommandLine) -> None:
    ran = cli.run("connection", "create", "x", "canary-1234")

    assert ran.status == 2
    assert "canary" not in ran.err


def test_what_is_not_there(cli: CommandLine) -> None:
    assert cli.run("connection", "show", "nobody").status == 4
    assert cli.run("app", "show", "nobody").status == 4


def test_a_draft_cannot_be_used(create: Create, cli: CommandLine) -> None:
    create()

    ran = cli.run("token", "orders")

    assert ran.status == 5
    assert "\nhint: " in ran.err


def test_a_service_that_refuses_the_client(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = cli.run(
        *("connection", "create", "x", "--issuer", server.issuer, "--client-id", "demo-client"),
        *("--client-secret-stdin", "--flow", "client-credentials"),
        stdin="wrong\n",
    )

    assert ran.status == 7
    assert "the server said: “invalid_client" in ran.err
    assert "“x”" in cli.ok("connection", "delete", "x", "--yes").out  # what was created stays


def test_a_service_that_is_down(create: Create, cli: CommandLine) -> None:
    create()
    cli.monkeypatch.setenv("GRANTLINE_ALLOW_PORTS", "1")

    assert cli.run("discover", "http://127.0.0.1:1").status == 6


def test_an_answer_that_cannot_be_used(
    create: Create, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    create("--flow", "client-credentials", "--draft")
    server.script("token", Replace(Answer.json({"no": "token"})))

    assert cli.run("connection", "authorize", "orders").status == 7


def test_a_service_in_trouble_is_temporary(
    create: Create, cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    create("--flow", "client-credentials", "--draft")
    server.script("token", Refuse(503), Drop())

    assert cli.run("connection", "authorize", "orders").status == 6
    assert cli.run("connection", "authorize", "orders").status == 6


def test_a_missing_key_is_refused_with_its_fingerprint(machine: None, cli: CommandLine) -> None:
    Path(os.environ["GRANTLINE_DATA_DIR"], "master.key").unlink()

    ran = cli.run("token", "orders")
    as_json = cli.run("connection", "list", "--format", "json")

    assert ran.status == 3
    fingerprint = json.loads(as_json.err)["error"]["fingerprint"]
    assert fingerprint in ran.err


def test_a_fault_of_ours_is_one_sentence_without_what_it_held(
    cli: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(work: object) -> None:
        raise RuntimeError("canary-1234")

    cli.monkeypatch.setattr("grantline.cli.commands.connection.look.with_engine", broken)

    ran = cli.run("connection", "list")
    as_json = cli.run("connection", "list", "--format", "json")

    assert ran.status == as_json.status == 70
    assert "fault in Grantline itself (RuntimeError)" in ran.err
    assert "Traceback" not in ran.err
    assert "canary" not in ran.err
    assert json.loads(as_json.err)["error"]["code"] == "internal"
    cli.monkeypatch.setenv("GRANTLINE_DEBUG", "1")
    assert "Traceback" in cli.run("connection", "list").err


def test_ctrl_c_has_its_own_status(cli: CommandLine) -> None:
    def interrupted(work: object) -> None:
        raise KeyboardInterrupt

    cli.monkeypatch.setattr("grantline.cli.commands.connection.look.with_engine", interrupted)

    assert status_of(("connection", "list")) == 130


def test_a_group_without_a_command_shows_its_help(cli: CommandLine) -> None:
    ran = cli.run("connection")

    assert ran.status == 2
    assert "authorize" in ran.out
    assert ran.err == ""

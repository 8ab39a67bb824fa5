"""``grantline request`` and ``grantline token``."""

import base64
import json
from pathlib import Path

import pytest

from grantline.testing.authorization_server import FakeAuthorizationServer
from grantline.testing.authorization_server.exchange import Answer
from grantline.testing.authorization_server.faults import Replace
from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.usefixtures("machine")


def test_the_body_goes_to_stdout_as_it_came(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = cli.ok("request", "GET", f"{server.api_url}/me", "-c", "orders")

    assert json.loads(ran.out)["sub"] == "demo-user"
    assert ran.err == ""


def test_everything_given_arrives(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    ran = cli.ok(
        *("request", "post", f"{server.api_url}/echo", "--connection", "orders"),
        *("-q", "a=1", "-q", "a=2", "-H", "X-Trace: 7", "--json", '{"b": 3}'),
    )

    echo = json.loads(ran.out)
    assert echo["method"] == "POST"
    assert echo["query"] == [["a", "1"], ["a", "2"]]
    assert echo["json"] == {"b": 3}
    assert ["X-Trace", "7"] in echo["headers"]


@pytest.mark.parametrize(
    ("options", "stdin", "body", "kind"),
    [
        (("--form", "a=1", "--form", "b=ä"), "", "a=1&b=%C3%A4", "x-www-form-urlencoded"),
        (("--data", "raw"), "", "raw", "text/plain"),
        (("--data", "@-"), "piped", "piped", "octet-stream"),
        (("--json", "@-"), "[1]", "[1]", "application/json"),
    ],
)
def test_bodies(
    options: tuple[str, ...],
    stdin: str,
    body: str,
    kind: str,
    cli: CommandLine,
    server: FakeAuthorizationServer,
) -> None:
    url = f"{server.api_url}/echo"
    echo = json.loads(cli.ok("request", "POST", url, "-c", "orders", *options, stdin=stdin).out)

    assert echo["body"] == body
    assert [value for name, value in echo["headers"] if name == "Content-Type" and kind in value]


def test_a_body_can_come_from_a_file(
    cli: CommandLine, server: FakeAuthorizationServer, tmp_path: Path
) -> None:
    (tmp_path / "body.json").write_text('{"a": 1}')
    url = f"{server.api_url}/echo"
    body = f"@{tmp_path / 'body.json'}"

    assert json.loads(cli.ok("request", "PUT", url, "-c", "orders", "--json", body).out)[
        "json"
    ] == {"a": 1}


@pytest.mark.parametrize(
    "options",
    [
        ("--json", "{"),
        ("--json", "@missing.json"),
        ("--json", "{}", "--data", "x"),
        ("--form", "no-equals-sign"),
        ("-H", "no colon"),
        ("-q", "novalue"),
        ("--timeout", "soon"),
        ("--output", "/nowhere/at/all"),
    ],
)
def test_bad_input_is_one_sentence(
    options: tuple[str, ...], cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = cli.run("request", "POST", f"{server.api_url}/echo", "-c", "orders", *options)

    assert ran.status == 2
    assert ran.err.startswith("error: ")
    assert "\nhint: " in ran.err


def test_include_shows_status_and_headers(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = cli.ok("request", "GET", f"{server.api_url}/me", "-c", "orders", "-i")

    head, _, body = ran.out.partition("\n\n")
    assert head.startswith("HTTP 200\ncontent-type: application/json")
    assert json.loads(body)


def test_json_holds_the_whole_answer(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    server.script("api", Replace(Answer(200, b"\xff\x00", (("Content-Type", "image/x"),))))

    ran = cli.ok("request", "GET", f"{server.api_url}/me", "-c", "orders", "--format", "json")

    answer = json.loads(ran.out)
    assert answer["status"] == 200
    assert ["content-type", "image/x"] in answer["headers"]
    assert base64.b64decode(answer["body_base64"]) == b"\xff\x00"


def test_output_writes_the_file_whole(
    cli: CommandLine, server: FakeAuthorizationServer, tmp_path: Path
) -> None:
    path = tmp_path / "me.json"

    ran = cli.ok("request", "GET", f"{server.api_url}/me", "-c", "orders", "-o", str(path))

    assert ran.out == ""
    assert json.loads(path.read_text())["sub"] == "demo-user"
    assert not list(tmp_path.glob(".grantline-*"))


def test_an_error_status_is_data_unless_fail_is_given(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    missing = ("request", "GET", f"{server.api_url}/status/404", "-c", "orders")

    assert cli.ok(*missing).out == '{"status": 404}'
    ran = cli.run(*missing, "--fail")
    assert ran.status == 9
    assert ran.out == '{"status": 404}'
    assert "status 404" in ran.err


def test_redirects_can_be_shown(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    hop = ("request", "GET", f"{server.api_url}/redirect", "-c", "orders", "--format", "json")

    assert json.loads(cli.ok(*hop).out)["status"] == 200
    assert json.loads(cli.ok(*hop, "--no-redirects").out)["status"] == 302


def test_an_expired_token_is_renewed(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    server.expire_access_tokens()

    cli.ok("request", "GET", f"{server.api_url}/me", "-c", "orders")

    assert server.journal.count("token") == 2


def test_a_host_that_is_not_listed_is_refused_with_the_command_that_lists_it(
    cli: CommandLine,
) -> None:
    ran = cli.run("request", "GET", "https://other.example/", "-c", "orders")

    assert ran.status == 8
    assert "grantline connection edit orders --add-host other.example" in ran.err


def test_token_prints_the_token_and_nothing_else(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = cli.ok("token", "orders", "--min-ttl", "60s")

    [token] = server._state.access_tokens  # noqa: SLF001 - what it gave out
    assert ran.out == f"{token}\n"
    assert ran.err == ""


def test_a_token_that_ends_too_soon_is_renewed(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    cli.run("token", "orders", "--min-ttl", "2h")

    assert server.journal.count("token") == 2

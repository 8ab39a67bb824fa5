"""``grantline request`` and ``grantline token``."""

import base64
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from grantline.calls.request import RequestSpec
from grantline.cli.running import with_engine
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.requests.saved_requests import NewRequest
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


def test_an_error_status_is_a_failure_unless_it_is_not_to_be_one(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    missing = ("request", "GET", f"{server.api_url}/status/404", "-c", "orders")

    ran = cli.run(*missing)
    assert ran.status == 9
    assert ran.out == '{"status": 404}'
    assert "status 404" in ran.err
    assert cli.ok(*missing, "--fail-on", "none").out == '{"status": 404}'
    assert cli.ok(*missing, "--fail-on", "5xx,403").out == '{"status": 404}'
    assert cli.run(*missing, "--fail-on", "400-404").status == 9


def test_a_failure_says_what_the_service_says(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    refusal = {"error": {"message": "No such order"}}
    server.script("api", *[Replace(Answer.json(refusal, status=404))] * 2)

    ran = cli.run("request", "GET", f"{server.api_url}/me", "-c", "orders")
    as_json = cli.run("request", "GET", f"{server.api_url}/me", "-c", "orders", "--format", "json")

    assert "the service said: “No such order”" in ran.err
    assert json.loads(as_json.err)["error"]["service_message"] == "No such order"


def test_a_form_with_files_is_read_while_it_is_sent(
    cli: CommandLine, server: FakeAuthorizationServer, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")

    cli.ok(
        *("request", "POST", f"{server.api_url}/echo", "-c", "orders", "-F", "note=one;two"),
        *("-F", f"photo=@{tmp_path / 'a.png'};type=image/png;filename=b.png"),
    )

    (entry,) = server.journal.at("api")
    assert b'name="note"\r\n\r\none;two\r\n' in entry.incoming.body
    assert b'name="photo"; filename="b.png"\r\nContent-Type: image/png' in entry.incoming.body
    assert entry.incoming.header("Content-Length") == str(len(entry.incoming.body))


def test_a_form_of_texts_and_a_file_as_a_body(
    cli: CommandLine, server: FakeAuthorizationServer, tmp_path: Path
) -> None:
    (tmp_path / "b.bin").write_bytes(b"\0" * 10)

    cli.ok("request", "POST", f"{server.api_url}/echo", "-c", "orders", "-F", "a=1")
    cli.ok(
        "request",
        "PUT",
        f"{server.api_url}/echo",
        "-c",
        "orders",
        "--data",
        f"@{tmp_path / 'b.bin'}",
    )
    cli.ok(
        "request",
        "PUT",
        f"{server.api_url}/echo",
        "-c",
        "orders",
        "-F",
        "f=@-;filename=x",
        stdin="piped",
    )

    form, file, piped = (entry.incoming for entry in server.journal.at("api"))
    assert b'form-data; name="a"\r\n\r\n1\r\n' in form.body
    assert (file.body, file.header("Content-Type")) == (b"\0" * 10, "application/octet-stream")
    assert b'filename="x"\r\nContent-Type: application/octet-stream\r\n\r\npiped' in piped.body


def test_how_a_request_is_sent(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    cli.ok(
        *(
            "request",
            "POST",
            f"{server.api_url}/echo",
            "-c",
            "orders",
            "--data",
            "text",
            "--compress",
        ),
        *("-q", "id=1", "-q", "id=2", "--array-style", "brackets", "--uncompressed"),
        *("--cookie", "a=1", "--cookie", "b=2", "--connect-timeout", "5s"),
        *("-4", "--min-tls", "1.3"),
    )

    (entry,) = server.journal.at("api")
    assert entry.incoming.query == (("id[]", "1"), ("id[]", "2"))
    assert entry.incoming.header("Content-Encoding") == "gzip"
    assert entry.incoming.header("Accept-Encoding") == "identity"
    assert entry.incoming.header("Cookie") == "a=1; b=2"


def test_a_request_is_sent_again(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    at_once = Answer(503, b"", (("Retry-After-Ms", "0"),))
    server.script("api", Replace(at_once))

    ran = cli.ok(
        "request", "GET", f"{server.api_url}/me", "-c", "orders", "--retry", "1", "--format", "json"
    )

    assert json.loads(ran.out)["attempts"] == 2


def test_an_answer_is_printed_as_what_it_says(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    xml = Answer(200, b"<a><b>1</b></a>", (("Content-Type", "text/xml"),))
    exact = Answer(200, b'{"n": 0.10000000000000000001}')
    server.script("api", Replace(xml), Replace(exact))

    assert (
        cli.ok("request", "GET", f"{server.api_url}/me", "-c", "orders", "--parse").out
        == '{"a": {"b": "1"}}\n'
    )
    ran = cli.ok(
        "request", "GET", f"{server.api_url}/me", "-c", "orders", "--parse", "--format", "json"
    )
    assert '"data": {"n": 0.10000000000000000001}' in ran.out


def pages(*bodies: object) -> list[Replace]:
    return [Replace(Answer(200, json.dumps(each).encode())) for each in bodies]


def test_a_list_is_one_stream_of_lines(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    server.script("api", *pages({"items": [{"é": 1}, 2], "n": "b"}, {"items": [3], "n": None}))

    ran = cli.ok(
        *("request", "GET", f"{server.api_url}/orders", "-c", "orders", "--paginate", "token"),
        *("--next", "n", "--items", "items", "--page-parameter", "after", "--page-size", "2"),
    )

    assert ran.out == '{"é": 1}\n2\n3\n'
    assert ran.err == "2 pages, 3 items.\n"
    queries = [dict(entry.incoming.query) for entry in server.journal.at("api")]
    assert queries == [{"limit": "2"}, {"limit": "2", "after": "b"}]


def test_a_run_that_broke_off_goes_on(
    cli: CommandLine, server: FakeAuthorizationServer, tmp_path: Path
) -> None:
    paginate = ("request", "GET", f"{server.api_url}/orders", "-c", "orders", "--paginate", "page")
    server.script("api", *pages([1]), Replace(Answer(404, b"gone")))

    ran = cli.run(*paginate)
    assert (ran.status, ran.out) == (9, "1\n")
    [resume] = re.findall(r"--resume-from '(.*)'", ran.err)
    (tmp_path / "resume").write_text(f"{resume}\n")
    server.script("api", *pages([2], []) * 2)

    assert cli.ok(*paginate, "--resume-from", resume).out == "2\n"
    assert cli.ok(*paginate, "--resume-from", f"@{tmp_path / 'resume'}").out == "2\n"


def test_what_a_service_calls_its_next_page_cannot_end_the_word_of_a_command(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    hostile = Answer.json({"items": [1], "next": "'; touch owned; '"})
    server.script("api", Replace(hostile), Replace(Answer(404, b"gone")))
    paging = ("--paginate", "token", "--next", "next")
    ran = cli.run("request", "GET", f"{server.api_url}/orders", "-c", "orders", *paging)
    hint = ran.err.partition("Go on with: ")[2].partition("\n")[0]
    option, resume = shlex.split(hint)
    assert option == "--resume-from"
    assert json.loads(resume)["next"] == "'; touch owned; '"


def test_the_pages_of_a_run_have_an_end(cli: CommandLine, server: FakeAuthorizationServer) -> None:
    server.script("api", *pages([1], [2], [3], [3]))
    paginate = ("request", "GET", f"{server.api_url}/orders", "-c", "orders", "--paginate", "page")

    ran = cli.ok(*paginate, "--max-pages", "2")
    assert ran.out == "1\n2\n"
    assert "--resume-from" in ran.err
    assert "gave a page again" in cli.ok(*paginate, "--page-start", "3").err


@pytest.mark.parametrize(
    "options",
    [
        ("--items", "a"),
        ("--paginate", "somehow"),
        ("--paginate", "token"),
        ("--paginate", "auto"),
        ("--paginate", "page", "--page-place", "path"),
        ("--paginate", "page", "--resume-from", "x"),
        ("--paginate", "page", "--resume-from", "@/nowhere"),
        ("--paginate", "page", "--data", f"@{__file__}"),
        ("--array-style", "php"),
        ("--fail-on", "sometimes"),
        ("-F", "novalue"),
        ("-F", "a=@/nowhere/at/all"),
        ("-F", f"a=@{__file__};colour=red"),
        ("-F", "a=1", "--json", "1"),
        ("--cookie", "novalue"),
        ("--saved", "other"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(
    options: tuple[str, ...], cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    ran = cli.run("request", "POST", f"{server.api_url}/echo", "-c", "orders", *options)

    assert ran.status == 2
    assert "error: " in ran.err
    assert "\nhint: " in ran.err
    assert server.journal.count("api") == 0


def test_a_saved_request_is_made_by_its_name(
    cli: CommandLine, server: FakeAuthorizationServer
) -> None:
    async def save(engine: Engine) -> None:
        found = await engine.find(LOCAL, "orders")
        spec = RequestSpec(url=f"{server.api_url}/me")
        new = NewRequest(name="who am I", spec=spec, connection_id=found.id)
        await engine.requests.create(LOCAL, new)

    with_engine(save)

    assert json.loads(cli.ok("request", "--saved", "who am I").out)["sub"] == "demo-user"
    assert cli.run("request", "--saved", "nothing").status == 4


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


def test_a_terminal_sees_how_far_a_list_is(
    cli: CommandLine, server: FakeAuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    server.script("api", *pages([1], [2, 3], []))

    ran = cli.ok("request", "GET", f"{server.api_url}/x", "-c", "orders", "--paginate", "page")

    assert ran.out == "1\n2\n3\n"
    assert ran.err == "\r1 page, 1 item\r2 pages, 3 items\r3 pages, 3 items\r3 pages, 3 items.\n"

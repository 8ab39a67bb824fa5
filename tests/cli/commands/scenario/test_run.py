"""``grantline scenario``: runs, with a real store and a service on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grantline.testing.authorization_server import FakeAuthorizationServer
from tests.cli.conftest import CommandLine, Create

pytestmark = pytest.mark.usefixtures("machine")

FILE = """\
grantline: 1
name: Echo
inputs:
  words: {default: [a, b]}
  suffix: {}

modules:
  - id: 1
    name: Each word
    iterator: {items: "{{ input.words }}"}

  - id: 2
    name: Send it
    when: "{{ 1.value != 'skip' }}"
    make_request:
      connection: orders
      method: POST
      url: URL/echo
      json: {word: "{{ 1.value }}{{ input.suffix | default('', true) }}"}

  - id: 3
    aggregator: {source: 1, value: "{{ 2.data.json.word }}"}
"""
FAILING = """\
grantline: 1
name: Lost

modules:
  - id: 1
    set_variables: {a: 1}

  - id: 2
    name: Nowhere
    make_request:
      connection: orders
      url: URL/nowhere
"""


@pytest.fixture
def echo(tmp_path: Path, server: FakeAuthorizationServer) -> str:
    path = tmp_path / "echo.yaml"
    path.write_text(FILE.replace("URL", server.api_url))
    return str(path)


@pytest.fixture
def failing(tmp_path: Path, server: FakeAuthorizationServer) -> str:
    path = tmp_path / "lost.yaml"
    path.write_text(FAILING.replace("URL", server.api_url))
    return str(path)


def run_id(text: str) -> str:
    found = re.search(r"srn_\w+", text)
    assert found is not None, text
    return found[0]


def test_a_file_is_run_and_what_its_last_module_gives_is_printed(
    cli: CommandLine, echo: str
) -> None:
    ran = cli.ok("scenario", "run", echo)

    assert json.loads(ran.out) == {"value": ["a", "b"], "count": 2}
    lines = ran.err.splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == ["✓ 1", "✓ 1/1/2", "✓ 1/2/2", "✓ 3"]
    assert "Each word" in lines[0]
    assert re.search(r"Send it  .* (?:ms|s)  .* B", lines[1])
    assert re.fullmatch(r"Run srn_\w+ succeeded: 4 steps in .*\.", lines[-1])


def test_inputs_are_texts_or_json(cli: CommandLine, echo: str) -> None:
    ran = cli.ok(
        *("scenario", "run", echo, "--format", "json"),
        *("--input", 'words:=["x", "skip", "y"]', "--input", "suffix=!=1"),
    )

    plain = json.loads(ran.out)
    assert plain["output"] == {"value": ["x!=1", "y!=1"], "count": 2}
    assert plain["state"] == "succeeded"
    assert [each["state"] for each in plain["steps"]].count("passed_over") == 1


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("words", "not of the form name=value"),
        ("words:=[", "The input words is no JSON"),
        ("=x", "not of the form name=value"),
        ("wrds=x", "The scenario has no input wrds."),
    ],
)
def test_a_wrong_input_is_refused(cli: CommandLine, echo: str, word: str, said: str) -> None:
    ran = cli.run("scenario", "run", echo, "--input", word)

    assert ran.status == 2
    assert said in ran.err


def test_an_input_that_is_missing_is_asked_for_as_it_is_given_here(cli: CommandLine) -> None:
    text = (
        "grantline: 1\nname: a\ninputs: {word: {required: true}}\n"
        "modules:\n- id: 1\n  set_variables: {n: 1}\n"
    )

    ran = cli.run("scenario", "run", "-", stdin=text)

    assert (ran.status, "Write --input word=VALUE." in ran.err) == (2, True), ran.err


def test_numbers_keep_their_digits_on_the_way_out(cli: CommandLine) -> None:
    number = "1.00000000000000000000000000001"
    text = f"grantline: 1\nname: a\nmodules:\n- id: 1\n  set_variables: {{n: {number}}}\n"

    assert number in cli.ok("scenario", "run", "-", stdin=text).out
    assert number in cli.ok("scenario", "run", "-", "--format", "json", stdin=text).out


def test_a_kept_scenario_is_run_by_name_and_is_in_the_history(cli: CommandLine, echo: str) -> None:
    cli.ok("scenario", "import", echo)

    ran = cli.ok("scenario", "run", "Echo", "--input", "suffix=-")

    assert json.loads(ran.out)["value"] == ["a-", "b-"]
    assert "succeeded" in cli.ok("scenario", "runs", "Echo").out
    listed = json.loads(cli.ok("scenario", "runs", "--format", "json").out)
    assert [(each["scenario"], each["cause"]) for each in listed] == [("Echo", "by_hand")]
    shown = cli.ok("scenario", "runs", listed[0]["id"]).out
    assert "1/2/2" in shown
    assert "no such runs" in cli.ok("scenario", "runs", "--state", "failed").err


def test_a_step_that_fails_says_why_and_how_to_go_on(cli: CommandLine, failing: str) -> None:
    ran = cli.run("scenario", "run", failing)

    assert ran.status == 9
    assert ran.out == ""
    assert "✓ 1  Set variables" in ran.err
    assert "✗ 2  Nowhere" in ran.err
    assert "error: step 2: " in ran.err
    again = re.search(r"grantline (scenario rerun srn_\w+ --from 2)$", ran.err, re.MULTILINE)
    assert again is not None
    second = cli.run(*again[1].split(), "--format", "json")
    assert second.status == 9
    plain = json.loads(second.out)
    assert (plain["state"], plain["cause"], plain["error"]["path"]) == ("failed", "rerun", "2")
    assert plain["repeats"] == run_id(again[1])


def test_a_file_that_could_not_run_is_told_with_lines(cli: CommandLine, failing: str) -> None:
    path = Path(failing)
    path.write_text(path.read_text().replace("{a: 1}", '{a: "{{ 9.x }}", b: "{{ 8.x }}"}'))

    ran = cli.run("scenario", "run", failing)

    assert ran.status == 2
    assert "error: Line 6: Module 1, set_variables.a: Column 4: There is no module 9." in ran.err
    assert "problem: Line 6: Module 1, set_variables.b: Column 4: There is no module 8." in ran.err


@pytest.mark.parametrize("what", ["nowhere.yaml", "some/where"])
def test_a_file_that_is_not_there_is_told(cli: CommandLine, what: str) -> None:
    ran = cli.run("scenario", "run", what)

    assert ran.status == 2
    assert what in ran.err


def test_a_name_that_is_not_there_is_told(cli: CommandLine) -> None:
    assert cli.run("scenario", "run", "nothing").status == 4


def test_a_connection_without_a_token_parks_the_run(
    cli: CommandLine, create: Create, echo: str
) -> None:
    create("--draft", name="later")
    path = Path(echo)
    path.write_text(path.read_text().replace("connection: orders", "connection: later"))

    ran = cli.run("scenario", "run", echo)

    assert ran.status == 5
    assert "parked until its connection is authorized again" in ran.err
    assert re.search(r"grantline connection reauthorize con_\w+", ran.err)
    cancelled = cli.ok("scenario", "cancel", run_id(ran.err))
    assert cancelled.out.startswith("Cancelled srn_")


def test_ctrl_c_cancels_the_run_and_says_how_to_go_on(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "slow.yaml"
    path.write_text(
        "grantline: 1\nname: Slow\nmodules:\n"
        "- id: 1\n  set_variables: {a: 1}\n"
        "- id: 2\n  name: Wait\n  sleep: {span: 1 h}\n"
    )
    command = [str(Path(sys.executable).with_name("grantline")), "scenario", "run", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stderr is not None
        said: list[str] = []
        while not said or "Set variables" not in said[-1]:
            said.append(process.stderr.readline())
            assert said[-1], said
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()

    assert process.returncode == 130
    assert re.search(r"Run srn_\w+ is cancelled\.", rest)
    assert re.search(r"hint: Go on with: grantline scenario rerun srn_\w+ --from [12]", rest)
    assert "cancelled" in cli.ok("scenario", "runs").out

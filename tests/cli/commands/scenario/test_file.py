"""``grantline scenario``: files checked, taken in and written out, with a real store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grantline.cli.main import status_of
from tests.cli.conftest import CommandLine

FILE = """\
grantline: 1
name: Copy
trigger: {schedule: "0 6 * * *", time_zone: Europe/Amsterdam}
connections:
  con_there: My orders

modules:
  - id: 1
    name: List
    make_request:
      connection: con_there
      url: /orders

  - id: 2
    router:
      branches:
        - name: Some
          when: "{{ 1.data | length > 0 }}"
          modules:
            - id: 3
              enabled: false
              sleep: {span: 5 min}
"""
ALONE = """\
grantline: 1
name: Alone

modules:
  - id: 1
    set_variables: {a: 1}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "copy.yaml"
    path.write_text(FILE)
    return path


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    path = tmp_path / "alone.yaml"
    path.write_text(ALONE)
    return path


def test_a_file_in_order_is_said_to_be(cli: CommandLine, file: Path) -> None:
    ran = cli.ok("scenario", "validate", str(file))

    assert ran.out == f"{file}: in order\n"
    assert ran.err == ""


def test_validating_needs_no_installation(
    environment: pytest.MonkeyPatch, file: Path, tmp_path: Path
) -> None:
    environment.setenv("GRANTLINE_DATA_DIR", str(tmp_path / "none"))

    assert status_of(["scenario", "validate", str(file)]) == 0
    assert not (tmp_path / "none").exists()


def test_all_that_is_wrong_is_said_with_its_lines(cli: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(FILE.replace("url: /orders", 'url: "{{ 7.url }}"').replace("5 min", "soon"))
    odd = path.read_text().replace("enabled: false", "enabled: true")
    path.write_text(odd)

    ran = cli.run("scenario", "validate", str(path))

    assert ran.status == 1
    assert ran.out.splitlines() == [
        (
            f"{path}:12:7: Module 1 “List”, make_request.url: Column 4: There is no module 7. "
            "Use input or trigger."
        ),
        (
            f"{path}:22:23: Module 3, sleep.span: “soon” is not a length of time. "
            "Write a number and a unit: 30 s, 10 min, 1 h 30 min or 2 d."
        ),
    ]


def test_what_is_odd_is_a_warning_and_no_problem(cli: CommandLine) -> None:
    text = ALONE + "  - id: 2\n    respond: {status: 204}\n"
    ran = cli.ok("scenario", "validate", "-", stdin=text)
    plain = json.loads(cli.ok("scenario", "validate", "-", "--format", "json", stdin=text).out)

    assert "-:8:5: warning: Module 2, respond: Nobody waits for this answer" in ran.err
    assert plain["-"]["problems"] == []
    assert plain["-"]["warnings"][0]["line"] == 8


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("a: {{ b }}", "1:4", 'An expression stands in quotes: "{{ ... }}"'),
        ("name: a\nname: b", "2:1", "name is here twice"),
        (ALONE.replace("set_variables", "set_variable"), "6:5", "Did you mean set_variables?"),
    ],
)
def test_what_cannot_be_read_is_said_with_line_and_column(
    cli: CommandLine, text: str, place: str, said: str
) -> None:
    ran = cli.run("scenario", "validate", "-", stdin=text)

    assert ran.status == 1
    assert ran.out.startswith(f"-:{place}: ")
    assert said in ran.out


def test_validating_here_looks_for_connections(cli: CommandLine, file: Path) -> None:
    ran = cli.run("scenario", "validate", "--here", str(file))

    assert ran.status == 1
    assert f"{file}:11:7: Module 1 “List”, make_request.connection" in ran.out
    assert "con_there" in ran.out


def test_a_file_that_is_no_scenario_by_its_size_is_refused(
    cli: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"a" * 4_000_001)

    assert "larger than 4 MB" in cli.run("scenario", "validate", str(path)).err


def test_a_file_that_is_not_there_is_refused(cli: CommandLine) -> None:
    ran = cli.run("scenario", "validate", "nowhere.yaml")

    assert ran.status == 2
    assert "cannot be read" in ran.err


def test_a_scenario_is_taken_in_shown_switched_and_deleted(cli: CommandLine, alone: Path) -> None:
    assert "Created “Alone”, which is off." in cli.ok("scenario", "import", str(alone)).out
    assert "by hand" in cli.ok("scenario", "list").out
    shown = cli.ok("scenario", "show", "Alone").out
    assert "1  Set variables" in shown
    assert "“Alone” is on" in cli.ok("scenario", "enable", "Alone").out
    assert json.loads(cli.ok("scenario", "list", "--format", "json").out)[0]["is_active"] is True
    assert "“Alone” is off." in cli.ok("scenario", "disable", "Alone").out
    assert "Deleted" in cli.ok("scenario", "delete", "Alone", "--yes").out
    assert cli.run("scenario", "show", "Alone").status == 4
    assert "no scenarios yet" in cli.ok("scenario", "list").err


def test_an_export_is_the_file_that_was_taken_in(
    cli: CommandLine, alone: Path, tmp_path: Path
) -> None:
    cli.ok("scenario", "import", str(alone))
    target = tmp_path / "out.yaml"

    assert cli.ok("scenario", "export", "Alone").out == ALONE
    cli.ok("scenario", "export", "Alone", "-o", str(target))
    assert target.read_text() == ALONE
    plain = json.loads(cli.ok("scenario", "export", "Alone", "--format", "json").out)
    assert plain == {"name": "Alone", "file": ALONE}


def test_the_address_of_a_webhook_is_printed_only_when_it_is_asked_for(
    cli: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "hooked.yaml"
    path.write_text(ALONE.replace("\n\n", "\ntrigger: {webhook: {}}\n\n", 1))
    cli.ok("scenario", "import", str(path))

    address = cli.ok("scenario", "show", "Alone", "--webhook-url").out.strip()

    assert address.startswith("http://127.0.0.1:8080/hooks/")
    assert address.rpartition("/")[2] not in cli.ok("scenario", "show", "Alone").out
    cli.ok("scenario", "import", "-", "--replace", stdin=ALONE)
    assert "No webhook starts" in cli.run("scenario", "show", "Alone", "--webhook-url").err


@pytest.mark.usefixtures("machine")
def test_a_connection_of_elsewhere_is_told_and_replaced(cli: CommandLine, file: Path) -> None:
    first = cli.ok("scenario", "import", str(file))
    assert "con_there, “My orders” where the file is from, is not here" in first.err
    assert "--replace --connection con_there=NAME" in first.err
    assert cli.run("scenario", "enable", "Copy").status == 2

    again = cli.run("scenario", "import", str(file), "--connection", "con_there=orders")
    assert again.status == 2
    assert "--replace" in again.err
    taken = cli.ok("scenario", "import", str(file), "--replace", "--connection", "My orders=orders")
    assert "Replaced “Copy”, which is off." in taken.out
    assert "not here" not in taken.err
    assert "as “orders”" in cli.ok("scenario", "show", "Copy").out
    assert ": orders\n" in cli.ok("scenario", "export", "Copy").out
    assert (
        "Every day" in cli.ok("scenario", "list").out or "06:00" in cli.ok("scenario", "list").out
    )


@pytest.mark.usefixtures("machine")
def test_a_connection_that_has_the_name_here_is_taken_without_a_word(
    cli: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "named.yaml"
    path.write_text(FILE.replace("My orders", "orders"))

    plain = json.loads(cli.ok("scenario", "import", str(path), "--format", "json").out)

    assert plain["missing"] == []
    assert plain["definition"]["modules"][0]["make_request"]["connection"] != "con_there"


def test_a_name_that_the_file_does_not_hold_is_refused(cli: CommandLine, alone: Path) -> None:
    ran = cli.run("scenario", "import", str(alone), "--connection", "con_x=orders")

    assert ran.status == 2
    assert "does not refer to “con_x”" in ran.err


def test_a_scenario_that_could_not_run_is_kept_off_with_every_problem(
    cli: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(
        ALONE + '  - id: 2\n    iterator: {items: ""}\n  - id: 3\n    sleep: {span: soon}\n'
    )
    cli.ok("scenario", "import", str(path), "--name", "Odd")

    ran = cli.run("scenario", "enable", "Odd")

    assert ran.status == 2
    assert "iterator.items" in ran.err
    assert "problem: Module 3, sleep.span" in ran.err
    assert "problem: " in cli.ok("scenario", "show", "Odd").err


@pytest.mark.parametrize("command", ["import", "run"])
def test_a_connection_that_is_not_here_leads_to_all_that_are_missing(
    command: str, cli: CommandLine, tmp_path: Path
) -> None:
    file = tmp_path / "copy.yaml"
    asks = "{id: 1, make_request: {connection: dropbox, url: /me}}"
    file.write_text(f"grantline: 1\nname: Copy\nmodules:\n- {asks}\n", encoding="utf-8")

    ran = cli.run("scenario", command, str(file))

    assert ran.status == 2
    assert f"See all that is missing with: grantline scenario validate --here {file}" in ran.err
    assert ("--connection THERE=HERE" in ran.err) is (command == "import")

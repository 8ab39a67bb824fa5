"""``grantline doctor``: what is wrong, in words and as JSON, and the exit status that says so."""

import json
import shutil
from pathlib import Path

import pytest

from grantline.cli.errors import FINDINGS
from tests.cli.conftest import CommandLine, Create


def test_an_empty_installation_is_well(cli: CommandLine) -> None:
    assert cli.ok("doctor").out == "This installation: all is well\n"


@pytest.mark.usefixtures("machine")
def test_a_connection_that_works_is_well(cli: CommandLine) -> None:
    ran = cli.ok("doctor")
    assert ran.out == "This installation: all is well\norders: all is well\n"
    assert cli.ok("doctor", "orders").out == "orders: all is well\n"
    shown = json.loads(cli.ok("connection", "show", "orders", "--format", "json").out)
    assert json.loads(cli.ok("doctor", "orders", "--format", "json").out) == {
        "well": True,
        "installation": [],
        "connections": [
            {
                "id": shown["id"],
                "name": "orders",
                "state": "authorized",
                "findings": [],
            }
        ],
        "left_out": 0,
    }


def test_what_is_wrong_is_said_with_the_next_step(cli: CommandLine, create: Create) -> None:
    create("--draft", "--host", "*.example.com", "--base-url", "https://api.elsewhere.example")
    ran = cli.run("doctor", "orders", "--offline")
    assert ran.status == FINDINGS
    assert "error" in ran.out
    assert "The Base URL is on a host that is not listed  (host_not_listed)" in ran.out
    assert "1. Add api.elsewhere.example to the connection's hosts" in ran.out
    assert "next step   grantline connection authorize orders" in ran.out
    plain = json.loads(cli.run("doctor", "--offline", "--format", "json").out)
    assert not plain["well"]
    (one,) = plain["connections"]
    assert [(each["severity"], each["code"]) for each in one["findings"]] == [
        ("error", "host_not_listed"),
        ("warning", "hosts_wide"),
        ("warning", "not_authorized"),
    ]
    assert set(one["findings"][0]) == {
        *("code", "severity", "title", "explanation", "evidence", "next_steps", "differs"),
    }


def test_a_redirect_uri_of_another_address_is_marked_where_it_differs(
    cli: CommandLine, create: Create, environment: pytest.MonkeyPatch
) -> None:
    create("--draft", "--redirect-uri", "https://old.example/oauth/callback")
    environment.setenv("GRANTLINE_PUBLIC_URL", "https://new.example")
    lines = cli.run("doctor", "orders", "--offline").out.splitlines()
    at = next(n for n, line in enumerate(lines) if "^ from here" in line)
    column = lines[at].index("^")
    assert lines[at - 2][column:].startswith("old.example/oauth/callback")
    assert lines[at - 1][column:].startswith("new.example/oauth/callback/")


def test_a_public_url_that_leads_nowhere_is_found(
    cli: CommandLine, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("GRANTLINE_PUBLIC_URL", "http://grantline.example")
    ran = cli.run("doctor")
    assert ran.status == FINDINGS
    assert "The public URL is plain http  (public_url)" in ran.out
    assert cli.ok("doctor", "--offline").out == "This installation: all is well\n"


def test_a_missing_key_is_a_finding_and_no_failure_of_the_doctor(
    cli: CommandLine, create: Create, tmp_path: Path
) -> None:
    create("--draft")
    (tmp_path / "data" / "master.key").rename(tmp_path / "elsewhere")
    ran = cli.run("doctor")
    assert ran.status == FINDINGS
    assert "Nothing can be opened here  (key_unavailable)" in ran.out


def test_a_copy_says_how_to_go_on(
    cli: CommandLine, create: Create, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    create("--draft")
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    environment.setenv("GRANTLINE_DATA_DIR", str(tmp_path / "copy"))
    ran = cli.run("doctor", "--offline", "--limit", "1")
    assert "Nothing is renewed here  (quarantined)" in ran.out
    assert "grantline resume --i-am-the-only-copy" in ran.out


def test_a_name_that_is_nobodys_is_no_finding(cli: CommandLine) -> None:
    ran = cli.run("doctor", "nobody")
    assert ran.status == 4
    assert "There is no connection named “nobody”." in ran.err


def test_of_many_connections_only_what_asks_for_something_is_told(cli: CommandLine) -> None:
    google = ("--provider", "google", "--client-id", "c", "--client-secret-stdin")
    for name in ("a", "b"):
        cli.ok("connection", "create", name, *google, stdin="secret")
    assert "known_trap" in cli.run("doctor", "a", "--offline").out
    ran = cli.run("doctor", "--offline", "--limit", "1")
    assert "known_trap" not in ran.out
    assert "1 more connections were not examined: --limit" in ran.err

"""Changing the master key by hand, and ending a quarantine."""

import json
import shutil
from pathlib import Path

import pytest

from grantline.vault.keys import MasterKey
from tests.cli.conftest import CommandLine, Create


@pytest.mark.usefixtures("machine")
def test_the_key_is_changed_step_by_step(cli: CommandLine) -> None:
    (old,) = json.loads(cli.ok("keys", "list", "--format", "json").out)
    assert (old["state"], old["here"]) == ("primary", True)
    assert old["secrets"] > 0
    new = json.loads(cli.ok("keys", "add", "--format", "json").out)["added"]
    assert "follow within" in cli.ok("keys", "primary", new).out
    refused = cli.run("keys", "retire", old["fingerprint"])
    assert refused.status == 2
    assert "still need the master key" in refused.err
    assert "hint: Run: grantline keys rewrap" in refused.err
    assert "; 0 left." in cli.ok("keys", "rewrap").out
    assert "you may take it out of" in cli.ok("keys", "retire", old["fingerprint"]).err
    table = cli.ok("keys", "list").out.splitlines()
    assert [line.split()[:2] for line in table[1:]] == [
        [new, "primary"],
        [old["fingerprint"], "unused"],
    ]
    assert cli.ok("connection", "verify", "orders").status == 0


@pytest.mark.usefixtures("machine")
def test_damage_is_told_and_the_rest_is_moved(
    cli: CommandLine, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = MasterKey.parse((tmp_path / "data" / "master.key").read_text(), source="")
    other = MasterKey(b"2" * 32)
    environment.setenv("GRANTLINE_KEY", f"{key.to_text()},{other.to_text()}")
    cli.ok("keys", "add", other.fingerprint)
    asked = cli.run("keys", "primary", other.fingerprint)
    assert asked.status == 2
    assert "Has each been restarted?" in asked.err
    cli.ok("keys", "primary", other.fingerprint, "--yes")
    environment.setenv("GRANTLINE_KEY", other.to_text())
    done = cli.run("keys", "rewrap", "--format", "json")
    assert done.status == 3
    said = json.loads(done.out)
    assert said["left"] == len(said["broken"]) > 0
    assert key.fingerprint in said["broken"][0]["reason"]


def test_a_copy_says_so_and_resumes(
    cli: CommandLine, create: Create, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    create("--draft")
    assert "nothing to resume" in cli.ok("resume").out
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    environment.setenv("GRANTLINE_DATA_DIR", str(tmp_path / "copy"))
    assert "Renewing tokens is off" in cli.ok("connection", "list").err
    refused = cli.run("resume", "--format", "json")
    assert refused.status == 10
    assert json.loads(refused.out)["renewing"] is False
    assert json.loads(refused.err.splitlines()[-1])["error"]["code"] == "quarantined"
    cli.ok("resume", "--i-am-the-only-copy")
    assert cli.ok("connection", "list").err == ""

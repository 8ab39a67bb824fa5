"""Backing up and restoring by hand; secrets never come as arguments."""

import json
import shutil
from pathlib import Path

import pyrage
import pytest

from tests.cli.conftest import CommandLine

PASSPHRASE = "canary-passphrase-of-a-backup"


@pytest.fixture
def kept(cli: CommandLine, machine: None, tmp_path: Path) -> Path:
    """A backup by passphrase."""
    del machine
    cli.monkeypatch.setenv("GRANTLINE_BACKUP_PASSPHRASE", PASSPHRASE)
    said = cli.ok("backup", str(tmp_path / "kept.age"))
    assert "readable by you alone" in said.out
    assert "keep the passphrase apart" in said.err
    return tmp_path / "kept.age"


def test_a_wiped_installation_comes_back(cli: CommandLine, kept: Path, tmp_path: Path) -> None:
    before = cli.ok("connection", "list", "--format", "json").out
    shutil.rmtree(tmp_path / "data")
    said = cli.ok("restore", str(kept))
    assert "(connections 1, apps 1, saved requests 0)" in said.out
    assert "Its master keys are in the key file" in said.err
    assert "grantline resume --i-am-the-only-copy" in said.err
    after = cli.ok("connection", "list", "--format", "json")
    assert after.out == before
    assert "restored from a backup of" in after.err
    cli.ok("resume", "--i-am-the-only-copy")
    cli.ok("connection", "verify", "orders")
    assert PASSPHRASE not in "".join(cli.said)


def test_a_recipient_opens_what_was_made_for_him(
    cli: CommandLine, kept: Path, tmp_path: Path
) -> None:
    identity = pyrage.x25519.Identity.generate()
    path, key = tmp_path / "theirs.age", tmp_path / "identity"
    key.write_text(f"# created: today\n{identity}\n")
    made = cli.ok("backup", str(path), "--recipient", str(identity.to_public()), "--format", "json")
    assert json.loads(made.out)["has_keys"] is True
    cli.monkeypatch.setenv("GRANTLINE_DATA_DIR", str(tmp_path / "other"))
    refused = cli.run("restore", str(path))
    assert refused.status == 2
    assert "--identity FILE" in refused.err
    refused = cli.run("restore", str(kept), "--identity", str(key))
    assert refused.status == 2
    assert "passphrase" in refused.err
    done = json.loads(cli.ok("restore", str(path), "--identity", str(key), "--format", "json").out)
    assert done["rows"]["connection"] == 1


def test_a_backup_without_keys_says_what_it_is_worth(
    cli: CommandLine, kept: Path, tmp_path: Path
) -> None:
    del kept
    path = tmp_path / "bare.age"
    assert "worth nothing" in cli.ok("backup", str(path), "--without-keys").err
    shutil.rmtree(tmp_path / "data")
    refused = cli.run("restore", str(path))
    assert refused.status == 3
    assert "made without its master key" in refused.err


@pytest.mark.usefixtures("machine")
def test_the_passphrase_is_never_an_argument(cli: CommandLine, tmp_path: Path) -> None:
    refused = cli.run("backup", str(tmp_path / "x.age"), "--passphrase", PASSPHRASE)
    assert refused.status == 2
    assert "--passphrase-file" in refused.err
    asked = cli.run("backup", str(tmp_path / "x.age"))
    assert asked.status == 2
    assert "no terminal to ask" in asked.err
    both = cli.run("backup", str(tmp_path / "x.age"), "--recipient", "age1x", "--passphrase-stdin")
    assert both.status == 2
    assert list(tmp_path.glob("*.age")) == []


def test_passphrases_come_by_file_and_stdin(cli: CommandLine, kept: Path, tmp_path: Path) -> None:
    cli.monkeypatch.delenv("GRANTLINE_BACKUP_PASSPHRASE")
    for number, (options, stdin) in enumerate(
        [
            (("--passphrase-stdin",), PASSPHRASE + "\n"),
            (("--passphrase-file", "-"), PASSPHRASE + "\n"),
        ]
    ):
        cli.monkeypatch.setenv("GRANTLINE_DATA_DIR", str(tmp_path / f"other{number}"))
        cli.ok("restore", str(kept), *options, stdin=stdin)

"""Backing up and restoring by hand; secrets never come as arguments."""

import json
import shutil
from pathlib import Path

import pyrage
import pytest

from grantline.cli.options.secrets import PassphraseOptions
from tests.cli.conftest import CommandLine

PASSPHRASE = "canary-passphrase-of-a-backup"


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """The file of a new age identity."""
    made = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity"
    path.write_text(f"# public key: {made.to_public()}\n{made}\n")
    return path


def public_key(identity: Path) -> str:
    return identity.read_text().splitlines()[0].rpartition(" ")[2]


@pytest.mark.usefixtures("machine")
def test_a_wiped_installation_comes_back(cli: CommandLine, tmp_path: Path) -> None:
    path = str(tmp_path / "kept.age")
    cli.monkeypatch.setenv("GRANTLINE_BACKUP_PASSPHRASE", PASSPHRASE)
    said = cli.ok("backup", path)
    assert "readable by you alone" in said.out
    assert "keep the passphrase apart" in said.err
    before = cli.ok("connection", "list", "--format", "json").out
    shutil.rmtree(tmp_path / "data")
    cli.monkeypatch.delenv("GRANTLINE_BACKUP_PASSPHRASE")
    refused = cli.run("restore", path, "--passphrase-stdin", stdin="another\n")
    assert refused.status == 2
    assert "the passphrase is another one" in refused.err
    said = cli.ok("restore", path, "--passphrase-stdin", stdin=PASSPHRASE + "\n")
    assert "(connections 1, apps 1, saved requests 0)" in said.out
    assert "Its master keys are in the key file" in said.err
    assert "grantline resume --i-am-the-only-copy" in said.err
    after = cli.ok("connection", "list", "--format", "json")
    assert after.out == before
    assert "restored from a backup of" in after.err
    cli.ok("resume", "--i-am-the-only-copy")
    cli.ok("connection", "verify", "orders")
    assert PASSPHRASE not in "".join(cli.said)


@pytest.mark.usefixtures("machine")
def test_a_recipient_opens_what_was_made_for_him(
    cli: CommandLine, identity: Path, tmp_path: Path
) -> None:
    path = str(tmp_path / "theirs.age")
    made = cli.ok("backup", path, "--recipient", public_key(identity), "--format", "json")
    assert json.loads(made.out)["has_keys"] is True
    cli.monkeypatch.setenv("GRANTLINE_DATA_DIR", str(tmp_path / "other"))
    refused = cli.run("restore", path)
    assert refused.status == 2
    assert "--identity FILE" in refused.err
    done = json.loads(cli.ok("restore", path, "--identity", str(identity), "--format", "json").out)
    assert done["rows"]["connection"] == 1


def test_what_a_passphrase_closed_is_not_opened_by_an_identity(
    cli: CommandLine, identity: Path, tmp_path: Path
) -> None:
    path = tmp_path / "closed.age"
    path.write_bytes(b"age-encryption.org/v1\n-> scrypt AAAA 18\n")
    refused = cli.run("restore", str(path), "--identity", str(identity))
    assert refused.status == 2
    assert "opened with a passphrase" in refused.err


@pytest.mark.usefixtures("machine")
def test_a_backup_without_keys_says_what_it_is_worth(
    cli: CommandLine, identity: Path, tmp_path: Path
) -> None:
    path = str(tmp_path / "bare.age")
    said = cli.ok("backup", path, "--without-keys", "--recipient", public_key(identity))
    assert "worth nothing" in said.err
    shutil.rmtree(tmp_path / "data")
    refused = cli.run("restore", path, "--identity", str(identity))
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


def test_a_passphrase_comes_by_file_or_from_the_environment(
    cli: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "passphrase"
    path.write_text(PASSPHRASE + "\n")
    cli.monkeypatch.setenv("GRANTLINE_BACKUP_PASSPHRASE", "another")
    assert PassphraseOptions(passphrase_file=path).read(twice=True).reveal() == PASSPHRASE
    assert PassphraseOptions().read(twice=True).reveal() == "another"

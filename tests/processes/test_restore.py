"""Backup, loss and restore as an operator lives through them: every step a process of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyrage
import pytest

from tests.processes.conftest import Town, command
from tests.processes.forking import Ran

pytestmark = [pytest.mark.processes, pytest.mark.postgres]


@dataclass
class Operator:
    """Runs ``grantline`` in the environment of one machine."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Ran:
        return command(self.folder, *arguments, **self.environment).end()

    def ok(self, *arguments: str) -> str:
        ran = self.run(*arguments)
        assert ran.status == 0, ran.err
        return ran.out


def test_what_was_lost_comes_back_in_another_database_and_without_its_key_it_does_not(
    town: Town, tmp_path: Path
) -> None:
    here = Operator(town.folder, {"GRANTLINE_DATABASE_URL": town.url or ""})
    there = Operator(tmp_path / "there")
    with_keys, without = str(tmp_path / "backup.age"), str(tmp_path / "bare.age")
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(str(identity))
    recipient = ("--recipient", str(identity.to_public()))
    opened = ("--identity", str(tmp_path / "identity"))
    here.ok("backup", with_keys, *recipient)
    here.ok("backup", without, *recipient, "--without-keys")
    (town.folder / "master.key").unlink()

    status, _, err = there.run("restore", without, *opened)
    assert status == 3
    assert "made without its master key" in err

    there.ok("restore", with_keys, *opened)
    status, _, err = there.run("token", town.connection, "--min-ttl", "2h")
    assert status == 10
    assert "is not renewed here" in err
    there.ok("resume", "--i-am-the-only-copy")
    assert there.ok("token", town.connection, "--min-ttl", "2h").strip() != town.token

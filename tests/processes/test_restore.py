"""Backup, loss and restore as an operator lives through them: every step a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pyrage
import pytest

from tests.processes.conftest import ROOT, Town

pytestmark = [pytest.mark.processes, pytest.mark.postgres]


RUN = "from grantline.cli.main import run; run()"


@dataclass
class Operator:
    """Runs ``grantline`` in the environment of one machine."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", RUN, *arguments],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "SSL_CERT_FILE": os.environ["SSL_CERT_FILE"],
                "GRANTLINE_DATA_DIR": str(self.folder),
                "GRANTLINE_ALLOW_HOSTS": "127.0.0.1",
                **self.environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def ok(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


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

    refused = there.run("restore", without, *opened)
    assert refused.returncode == 3
    assert "made without its master key" in refused.stderr

    there.ok("restore", with_keys, *opened)
    held = there.run("token", town.connection, "--min-ttl", "2h")
    assert held.returncode == 10
    assert "is not renewed here" in held.stderr
    there.ok("resume", "--i-am-the-only-copy")
    assert there.ok("token", town.connection, "--min-ttl", "2h").strip() != town.token

"""The program as a process: start-up, signals, pipes, terminals."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import CLIENT_SECRET, CommandLine

PROGRAM = [sys.executable, "-c", "from grantline.cli.main import run; run()"]
HEAVY = ("aiohttp", "alembic", "anyio", "asyncio", "cryptography", "joserfc", "rich", "sqlalchemy")

pytestmark = pytest.mark.processes


def output_of(program: str) -> str:
    """What a Python program prints."""
    ran = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    return ran.stdout.decode()


def test_the_version_needs_no_library_at_all() -> None:
    program = (
        "import sys; from grantline.cli.main import status_of; status_of(['--version']);"
        f"print([m for m in {(*HEAVY, 'typer')!r} if m in sys.modules])"
    )
    version, imported = output_of(program).splitlines()

    assert version.startswith("grantline ")
    assert imported == "[]"


def test_the_tree_of_commands_needs_no_engine() -> None:
    program = (
        "import sys; from grantline.cli.program import program; program();"
        f"print([m for m in {HEAVY!r} if m in sys.modules and m != 'asyncio'])"
    )
    assert output_of(program).strip() == "[]"


def test_ctrl_c_ends_with_130_and_leaves_the_store_sound(
    machine: None, cli: CommandLine, tmp_path: Path
) -> None:
    cli.ok("connection", "edit", "orders", "--flow", "authorization-code", "--yes")
    process = subprocess.Popen(
        [*PROGRAM, "connection", "authorize", "orders", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "It works once" in line:
            process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=20)

    assert process.returncode == 130
    assert said == ""
    assert json.loads(cli.ok("connection", "list", "--format", "json").out)[0]["state"] == "draft"


def test_a_closed_pipe_is_no_failure_worth_words(machine: None) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        ran = subprocess.run(
            [*PROGRAM, "connection", "list"], stdout=closed, stderr=subprocess.PIPE, check=False
        )

    assert ran.stderr == b""
    assert ran.returncode == 141


@pytest.mark.parametrize("no_color", ["", "1"])
def test_colour_is_for_terminals_and_off_with_no_color(
    no_color: str, machine: None, cli: CommandLine
) -> None:
    terminal, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": no_color}
    process = subprocess.Popen(
        [*PROGRAM, "connection", "list"], stdout=end, stderr=end, env=environment
    )
    os.close(end)
    process.wait(timeout=20)
    said = os.read(terminal, 65_536).decode()
    os.close(terminal)

    assert "authorized" in said
    assert ("\x1b[" in said) is not bool(no_color)
    assert "\x1b[" not in cli.ok("connection", "list").out


def test_the_demo_ends_by_itself_and_shows_no_secret(tmp_path: Path) -> None:
    ran = subprocess.run(
        [*PROGRAM, "demo"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path), "NO_COLOR": "1"},
    )

    assert "Requests to the token endpoint: 1. Good answers: 50." in " ".join(ran.stdout.split())
    assert "The service revoked the tokens." in ran.stdout
    assert ran.stderr == ""
    assert CLIENT_SECRET not in ran.stdout
    assert list(tmp_path.iterdir()) == []

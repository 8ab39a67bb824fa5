"""The process: it opens, it says where, and it ends when told to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from grantline.server import run

pytestmark = pytest.mark.processes
COMMAND = [str(Path(sys.executable).with_name("grantline")), "serve"]


@contextmanager
def serving(
    folder: Path, *options: str, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The address that ``grantline serve`` prints, and its process."""
    told = {"PATH": os.environ["PATH"], "GRANTLINE_DATA_DIR": str(folder), **environment}
    process = subprocess.Popen(
        [*COMMAND, *options],
        env=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1], process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_as_soon_as_it_has_said_where_and_ends_in_peace(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(tmp_path, "--port", "0", "--demo") as (address, process):
        page = httpx2.get(address, follow_redirects=True)
        process.send_signal(number)
        assert process.wait(timeout=20) == 0

    assert page.url.path == "/setup"
    assert "server" not in page.headers


def test_small_answers_on_a_kept_connection_wait_for_nothing() -> None:
    """Nagle's algorithm is switched off by asyncio where a socket names its protocol."""
    with run._listening("127.0.0.1", 0) as listener:  # noqa: SLF001 - from outside it is only slow
        assert listener.proto == socket.IPPROTO_TCP


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _refused(tmp_path, "--port", str(port))

    assert done.startswith(f"error: Port {port} is in use by another program.\n")


def test_a_wildcard_without_a_public_url_is_one_sentence(tmp_path: Path) -> None:
    assert "GRANTLINE_PUBLIC_URL" in _refused(tmp_path, "--host", "0.0.0.0", "--port", "0")


def test_a_page_that_others_reach_is_set_up_with_a_code_from_the_terminal(tmp_path: Path) -> None:
    public = {"GRANTLINE_PUBLIC_URL": "https://grantline.example"}
    with serving(tmp_path, "--port", "0", **public) as (address, process):
        assert address == "https://grantline.example"
        assert process.stdout is not None
        assert re.match(r"Set-up code for the first visit: \S{16}\n", process.stdout.readline())


def _refused(folder: Path, *options: str) -> str:
    environment = {"PATH": os.environ["PATH"], "GRANTLINE_DATA_DIR": str(folder)}
    done = subprocess.run(
        [*COMMAND, *options], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    return done.stderr

"""Peers as processes: started with a configuration, known by their first line, stopped by id."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.peers.peer import Peer, parse_peer

ROOT = Path(__file__).parents[2]
START_DEADLINE_S = 60
STOP_DEADLINE_S = 10


class PeerFailedError(Exception):
    """A peer did not start; the message says which, why, and what installs it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} {why}; `make test` and scripts/test-setup install the peers")


def running_oidc_provider(**config: Any) -> AbstractContextManager[Peer]:
    """oidc-provider on free ports; ``config`` as in oidc_provider/config.mjs."""
    server = Path("tests", "peers", "oidc_provider", "server.mjs")
    return running("oidc-provider", ["node", str(server)], {"api_port": 0, **config})


def running_django_toolkit(**config: Any) -> AbstractContextManager[Peer]:
    """django-oauth-toolkit on a free port; ``config`` as in django_toolkit/server.py."""
    command = [sys.executable, "-m", "tests.peers.django_toolkit.server"]
    return running("django-oauth-toolkit", command, config)


@contextmanager
def running(name: str, command: list[str], config: Mapping[str, Any]) -> Iterator[Peer]:
    """A peer that is gone when the block ends, and when this process dies before that."""
    argument = json.dumps({"port": 0, **config, "exit_with_stdin": True})
    with tempfile.TemporaryFile() as complaints:
        try:
            process = subprocess.Popen(
                [*command, argument],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )
        except FileNotFoundError as error:
            raise PeerFailedError(name, f"needs the program {command[0]}") from error
        with process:
            try:
                announced = first_line(process)
                if not announced:
                    complaints.seek(0)
                    said = complaints.read().decode(errors="replace").strip()
                    raise PeerFailedError(name, f"did not start and said {said!r}")
                yield parse_peer(json.loads(announced))
            finally:
                process.terminate()
                try:
                    process.wait(STOP_DEADLINE_S)
                except subprocess.TimeoutExpired:
                    process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    """What the peer announces; empty if it ends, or the deadline passes, before that."""
    assert process.stdout is not None
    with ThreadPoolExecutor(1) as reader:
        line = reader.submit(process.stdout.readline)
        try:
            return line.result(START_DEADLINE_S)
        except TimeoutError:
            process.kill()
            return ""

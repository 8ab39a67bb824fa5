"""Peers as processes: started with a configuration, known by their first line, stopped by id."""

from __future__ import annotations

import importlib.util
import json
import shutil
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
NOT_INSTALLED = "is not installed; `make setup-peers`, a part of `make test`, installs it"
START_DEADLINE_S = 60
STOP_DEADLINE_S = 10


class PeerFailedError(Exception):
    """A peer did not start; the message says which, and what to do or what it said."""


def running_oidc_provider(**config: Any) -> AbstractContextManager[Peer]:
    """oidc-provider on free ports; ``config`` as in oidc_provider/config.mjs."""
    folder = ROOT / "tests" / "peers" / "oidc_provider"
    if not (shutil.which("node") and (folder / "node_modules" / "oidc-provider").is_dir()):
        raise PeerFailedError(f"oidc-provider {NOT_INSTALLED}")
    return running(["node", str(folder / "server.mjs")], {"api_port": 0, **config})


def running_django_toolkit(**config: Any) -> AbstractContextManager[Peer]:
    """django-oauth-toolkit on a free port; ``config`` as in django_toolkit/server.py."""
    if not importlib.util.find_spec("oauth2_provider"):
        raise PeerFailedError(f"django-oauth-toolkit {NOT_INSTALLED}")
    return running([sys.executable, "-m", "tests.peers.django_toolkit.server"], config)


@contextmanager
def running(command: list[str], config: Mapping[str, Any]) -> Iterator[Peer]:
    """A peer that is gone when the block ends, and when this process dies before that."""
    argument = json.dumps({"port": 0, **config, "exit_with_stdin": True})
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            [*command, argument],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process,
    ):
        try:
            announced = first_line(process)
            if not announced:
                complaints.seek(0)
                said = complaints.read().decode(errors="replace")
                raise PeerFailedError(f"{command[-1]} did not start; it said:\n{said}")
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

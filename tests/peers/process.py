"""Peers as processes: started with a configuration, known by their first line, stopped by id."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Timer
from typing import Any

from tests.peers.peer import Peer, parse_peer

ROOT = Path(__file__).parents[2]
NOT_INSTALLED = "is not installed; `make setup-peers`, a part of `make test`, installs it"
# A second where nothing else runs; no reason to give up where much does, and the disk is cold.
START_DEADLINE_S = 240
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
            try:
                announced = heard_until(process, "{")[-1]
            except PeerFailedError as error:
                complaints.seek(0)
                raise PeerFailedError(f"{error}{complaints.read().decode()}") from None
            yield parse_peer(json.loads(announced))
        finally:
            process.terminate()
            try:
                process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()


def heard_until(process: subprocess.Popen[str], words: str) -> list[str]:
    """The lines that it says up to one with ``words`` in it.

    Raises:
        PeerFailedError: It ended before that, or the deadline passed; the message says which.
    """
    assert process.stdout is not None
    said: list[str] = []
    late = Event()

    def give_up() -> None:
        late.set()
        process.kill()

    deadline = Timer(START_DEADLINE_S, give_up)
    deadline.start()
    try:
        for line in process.stdout:
            said.append(line)
            if words in line:
                return said
    finally:
        deadline.cancel()
    status = process.wait(STOP_DEADLINE_S)
    why = f"it was not ready in {START_DEADLINE_S} s" if late.is_set() else f"it ended ({status})"
    raise PeerFailedError(f"{process.args!r} did not start: {why}. It said:\n{''.join(said)}")

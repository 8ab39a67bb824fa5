from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grantline.connections.renewal.presence import Life, Presence, on_this_machine

CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from grantline.connections.renewal.presence import Presence
presence = Presence(Path(sys.argv[1]), "child")
presence.announce(datetime.now(UTC))
print("there", flush=True)
sys.stdin.readline()
if sys.argv[2:]:
    presence.end(owes=sys.argv[2] == "owes")
"""


def now() -> datetime:
    return datetime.now(UTC)


def a_child(folder: Path, *ending: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, folder, *ending],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "there\n"
    return child


@pytest.mark.processes
def test_a_process_is_alive_until_it_is_killed(tmp_path: Path) -> None:
    presence = Presence(tmp_path, "parent")
    assert presence.look("child") is Life.UNKNOWN
    with a_child(tmp_path) as child:
        assert presence.look("child") is Life.ALIVE
        child.kill()
        child.wait()
        assert presence.look("child") is Life.GONE


@pytest.mark.processes
@pytest.mark.parametrize(("ending", "left"), [("owes", Life.GONE), ("clean", Life.UNKNOWN)])
def test_a_process_that_ends_leaves_its_mark_only_when_it_owes(
    tmp_path: Path, ending: str, left: Life
) -> None:
    with a_child(tmp_path, ending) as child:
        child.communicate("end\n")
        assert Presence(tmp_path, "parent").look("child") is left


def test_engines_of_one_process_see_each_other(tmp_path: Path) -> None:
    first, second = Presence(tmp_path, "first"), Presence(tmp_path, "second")
    first.announce(now())
    first.announce(now())
    assert second.look("first") is Life.ALIVE
    first.end(owes=True)
    first.end(owes=True)
    assert second.look("first") is Life.GONE


def test_a_lock_that_another_machine_holds_may_look_free_from_here(tmp_path: Path) -> None:
    """As in a folder on a network file system that keeps locks to each machine."""
    there, here, beside = (Presence(tmp_path, name) for name in ("1@there", "1@here", "2@here"))
    for each in (there, here):
        each.announce(now())
        each.end(owes=True)
    assert beside.look("1@here") is Life.GONE
    assert beside.look("1@there") is Life.UNKNOWN


def test_the_processes_of_one_machine_know_each_other_by_its_name() -> None:
    assert on_this_machine("1").partition("@")[2] == on_this_machine("2").partition("@")[2] != ""


def test_marks_of_processes_that_ended_long_ago_are_swept(tmp_path: Path) -> None:
    alive, gone, fresh = (Presence(tmp_path, name) for name in ("alive", "gone", "fresh"))
    for each in (alive, gone, fresh):
        each.announce(now())
    gone.end(owes=True)
    old = (now() - timedelta(days=2)).timestamp()
    for path in tmp_path.iterdir():
        os.utime(path, (old, old))
    fresh.end(owes=True)
    fresh.announce(now())
    assert alive.look("alive") is Life.ALIVE
    assert alive.look("gone") is Life.UNKNOWN


def test_where_nothing_can_be_written_a_process_stays_unknown(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    presence = Presence(tmp_path / "file" / "processes", "first")
    presence.announce(now())
    assert presence.look("first") is Life.UNKNOWN
    presence.end(owes=False)

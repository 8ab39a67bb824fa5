"""Laws 5, 6 and 7 among threads and among processes, and what a kill leaves behind."""

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from grantline.errors import KeyUnavailable
from grantline.store.open import open_store
from grantline.store.records.renewal import Lease
from grantline.store.sql.store import SqlStore
from tests.records import (
    AUTHORIZED,
    HOUR,
    NOW,
    a_connection,
    a_key,
    a_pending,
    an_app,
    an_attempt,
    an_event,
    tokens,
)

ROOT = Path(__file__).parents[2]
SQLITE = "sqlite"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgres)


@pytest.fixture(params=["memory", SQLITE, POSTGRESQL])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return "sqlite:///:memory:" if request.param == "memory" else ""


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(url or None, tmp_path)
    opened.add_connection(a_connection(), an_event(id="evt_0"), an_app())
    opened.save_authorized("con_1", 0, tokens(), AUTHORIZED, scopes=(), event=an_event(id="evt_1"))
    yield opened
    opened.close()


def at_once(call: Callable[[int], Any], count: int = 8) -> list[Any]:
    """What ``count`` threads got that called at the same moment."""
    barrier = threading.Barrier(count)
    results: list[Any] = []

    def run(number: int) -> None:
        barrier.wait()
        results.append(call(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(results) == count, "a thread died"
    return results


def test_law_5_of_many_threads_one_gets_the_lease(store: SqlStore) -> None:
    leases = at_once(lambda number: store.acquire_lease("con_1", f"worker{number}", 1, HOUR))
    assert sum(lease is not None for lease in leases) == 1


def test_law_5_expired_leases_still_have_different_numbers(store: SqlStore) -> None:
    leases = at_once(lambda n: store.acquire_lease("con_1", f"worker{n}", 1, timedelta(0)))
    numbers = [lease.number for lease in leases if lease is not None]
    assert len(set(numbers)) == len(numbers) >= 1


def test_law_6_of_many_threads_one_saves(store: SqlStore) -> None:
    lease = store.acquire_lease("con_1", "worker", 1, HOUR)
    assert lease is not None

    def save(held: Lease, number: int) -> bool:
        event = an_event(id=f"evt_save_{number}")
        return store.save_refreshed(held, an_attempt(), tokens(f"t{number}"), AUTHORIZED, event)

    assert sum(at_once(lambda number: save(lease, number))) == 1
    assert store.load_connection("home", "con_1").generation == 2


def test_law_7_of_many_threads_one_takes_the_state(store: SqlStore) -> None:
    store.add_pending(a_pending(), at_most=5)
    taken = at_once(lambda _: store.take_pending(a_pending().state_hash, NOW))
    assert sum(each.used_at is None for each in taken) == 1


def test_law_10_of_many_first_starts_one_registers_its_key(store: SqlStore) -> None:
    def register(number: int) -> bool:
        try:
            store.add_key(a_key(fingerprint=f"key{number}"))
        except KeyUnavailable:
            return False
        return True

    assert sum(at_once(register)) == 1
    assert len(store.list_keys()) == 1


@contextmanager
def worker(
    task: str, url: str, directory: Path, name: str, rounds: int = 0
) -> Iterator[subprocess.Popen[str]]:
    """A process that has opened the store, and waits for a line to begin."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.worker", task, url, directory, name, str(rounds)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process:
        try:
            assert json.loads(process.stdout.readline()) == "ready"
            yield process
        finally:
            process.kill()


def told_by_processes(task: str, url: str, directory: Path, rounds: int) -> list[Any]:
    """Everything that three processes say while they do ``task`` side by side."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(worker(task, url, directory, name, rounds)) for name in "abc"
        ]
        for each in workers:
            assert each.stdin
            each.stdin.write("go\n")
            each.stdin.flush()
        said = [each.communicate()[0] for each in workers]
        assert [each.returncode for each in workers] == [0, 0, 0]
    return [json.loads(line) for each in said for line in each.splitlines()]


@pytest.mark.processes
@pytest.mark.parametrize("url", [SQLITE, POSTGRESQL], indirect=True)
def test_laws_5_and_6_no_generation_is_refreshed_twice_by_any_process(
    store: SqlStore, url: str, tmp_path: Path
) -> None:
    told = told_by_processes("refresh", url, tmp_path, rounds=40)
    assert all(saved for _, _, saved in told)
    assert sorted(generation for generation, _, _ in told) == list(range(1, 41))
    assert sorted(number for _, number, _ in told) == list(range(1, 41))
    assert store.load_connection("home", "con_1").generation == 41
    assert store.open_attempts() == []


@pytest.mark.processes
@pytest.mark.parametrize("url", [SQLITE, POSTGRESQL], indirect=True)
def test_law_7_each_state_is_taken_by_one_process(
    store: SqlStore, url: str, tmp_path: Path
) -> None:
    for number in range(60):
        store.add_pending(a_pending(state_hash=f"state_{number}"), at_most=100)
    assert sorted(told_by_processes("take", url, tmp_path, rounds=60)) == list(range(60))


@pytest.mark.processes
@pytest.mark.parametrize("url", [SQLITE, POSTGRESQL], indirect=True)
def test_what_was_saved_before_a_kill_is_there_after_it(
    store: SqlStore, url: str, tmp_path: Path
) -> None:
    with worker("write", url, tmp_path, "w") as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("go\n")
        process.stdin.flush()
        told = [int(process.stdout.readline()) for _ in range(50)]
        process.kill()
        told += [int(line) for line in process.stdout]

    kept = {event.data["n"] for event in store.list_events("home", limit=10**6)}
    assert kept >= set(told)
    # The one after the last may have been saved without being told: never more than that one.
    assert max(kept) <= told[-1] + 1
    store.add_event(an_event(id="evt_after"))
    if url == "":
        with sqlite3.connect(tmp_path / "grantline.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()


@pytest.mark.processes
@pytest.mark.parametrize("url", [SQLITE, POSTGRESQL], indirect=True)
def test_many_first_starts_at_once_make_one_database(url: str, tmp_path: Path) -> None:
    ids = at_once(lambda _: _first_start(url, tmp_path), count=3)
    assert len(set(ids)) == 1


def _first_start(url: str, directory: Path) -> str:
    code = (
        "import sys; from pathlib import Path; from grantline.store.open import open_store; "
        "print(open_store(sys.argv[1] or None, Path(sys.argv[2])).instance().id)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", code, url, directory],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout

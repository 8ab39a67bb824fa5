"""Hearing of renewals: by PostgreSQL itself, and not through a pooler."""

from __future__ import annotations

import fcntl
import os
import queue
import resource
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from grantline.store.listening import RETRY_S, Listening
from grantline.store.open import open_store
from grantline.store.sql.store import SqlStore
from tests.records import AUTHORIZED, HOUR, a_connection, an_app, an_attempt, an_event, tokens

pytestmark = pytest.mark.postgres
PATIENCE_S = 60


@pytest.fixture
def store(migrated_postgres_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    opened = open_store(migrated_postgres_url, tmp_path)
    opened.add_connection(a_connection(), an_event(), an_app())
    opened.save_authorized("con_1", 0, tokens(), AUTHORIZED, scopes=(), event=an_event())
    yield opened
    opened.close()


def listening(store: SqlStore, heard: queue.Queue[str]) -> Listening:
    """Somebody who hears by now."""
    listener = store.listen(heard.put)
    assert listener is not None
    for _ in attempts(until="it listens"):
        if listener.is_live:
            break
    return listener


def attempts(*, until: str) -> Iterator[None]:
    """As many as anybody has patience for; then the test fails, and says what it waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        yield
    pytest.fail(f"It took more than {PATIENCE_S} s until {until}.")


def test_whoever_listens_hears_of_a_renewal_and_of_a_lease_given_back(store: SqlStore) -> None:
    heard: queue.Queue[str] = queue.Queue()
    listener = listening(store, heard)
    lease = store.acquire_lease("con_1", "worker", 1, HOUR)
    assert lease is not None
    attempt = an_attempt()
    store.begin_attempt(attempt)
    assert heard.empty()
    assert store.save_refreshed(lease, attempt, tokens("t2"), AUTHORIZED, an_event())
    assert heard.get(timeout=5) == "con_1"

    lease = store.acquire_lease("con_1", "worker", 2, HOUR)
    assert lease is not None
    store.release_lease(lease)
    assert heard.get(timeout=5) == "con_1"
    listener.close()
    listener.close()


def test_a_session_that_was_cut_is_made_again(
    store: SqlStore, migrated_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grantline.store.listening.RETRY_S", RETRY_S / 1000)
    heard: queue.Queue[str] = queue.Queue()
    listener = listening(store, heard)
    with psycopg.connect(migrated_postgres_url, autocommit=True) as session:
        ended = session.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%'"
        ).fetchone()
        assert ended == (1,)
        for _ in attempts(until="the new session hears"):
            if not heard.empty():
                break
            session.execute("SELECT pg_notify('grantline_renewed', 'con_1')")
    listener.close()


def test_a_process_with_more_than_a_thousand_files_open_hears_too(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_pipe, (soft, hard) = os.pipe, resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2048, hard)), hard))

    def pipe_of_high_numbers() -> tuple[int, int]:
        low = plain_pipe()
        ears, mouth = (fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 1024) for each in low)
        for each in low:
            os.close(each)
        return ears, mouth

    monkeypatch.setattr(os, "pipe", pipe_of_high_numbers)
    heard: queue.Queue[str] = queue.Queue()
    listener = listening(store, heard)
    lease = store.acquire_lease("con_1", "worker", 1, HOUR)
    assert lease is not None
    store.release_lease(lease)
    assert heard.get(timeout=PATIENCE_S) == "con_1"
    listener.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_behind_a_pooler_nobody_listens_and_nothing_is_left(
    pooled_url: str, migrated_postgres_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store(pooled_url, tmp_path)
    listener = store.listen(lambda _: None)
    assert listener is not None
    listener._thread.join(PATIENCE_S)  # noqa: SLF001 - it gives up by itself
    assert not listener.is_live
    assert "through a pooler" in caplog.text
    listener.close()
    store.close()
    with psycopg.connect(migrated_postgres_url) as session:
        found = session.execute("SELECT * FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
        assert found.fetchall() == []


def test_sqlite_has_nothing_to_listen_to(tmp_path: Path) -> None:
    store = open_store("sqlite:///:memory:", tmp_path)
    assert store.listen(lambda _: None) is None
    store.close()

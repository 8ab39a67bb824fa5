import stat
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from grantline.errors import ConfigurationError, GrantlineError, StoreBusy
from grantline.store.location import data_dir, database_url
from grantline.store.open import _POOL, open_store
from grantline.store.sql.store import SqlStore
from grantline.testing.clock import FakeClock
from tests.canary import assert_no_canary
from tests.records import AUTHORIZED, HOUR, a_connection, an_app, an_event, tokens

PASSWORD = "canary-pa55word-1234"


def test_a_new_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = open_store(None, tmp_path / "data")
    store.add_event(an_event())
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    files = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "data").iterdir()}
    assert files == dict.fromkeys(["grantline.db", "grantline.db-wal", "grantline.db-shm"], 0o600)
    store.close()


def test_every_connection_to_sqlite_is_durable_and_strict(tmp_path: Path) -> None:
    store = open_store(None, tmp_path)
    with store._read() as run:  # noqa: SLF001 - the settings have no other face
        found = {
            name: run.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    store.close()
    full = 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "secure_delete": 1,
    }


@pytest.mark.postgres
def test_nothing_is_left_on_a_session_of_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """A transaction pooler hands the session to somebody else after each transaction."""
    store = open_store(postgres_url, tmp_path)
    for _ in range(10):
        store.add_event(an_event())
        store.list_events("home")
    with store._read() as run:  # noqa: SLF001 - the session has no other face
        assert run.execute(text("SHOW lock_timeout")).scalar() == "0"
        assert run.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar() == 0
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert run.execute(text(locks)).scalar() == 0
    store.close()


@pytest.mark.postgres
def test_a_network_that_swallows_everything_is_noticed_within_seconds(
    postgres_url: str, tmp_path: Path
) -> None:
    store = open_store(f"{postgres_url}&keepalives_idle=60", tmp_path)
    with store._read() as run:  # noqa: SLF001 - as above
        driver: Any = run.connection.driver_connection
        given = driver.info.get_parameters()
    store.close()
    assert (given["tcp_user_timeout"], given["keepalives_interval"]) == ("10000", "5")
    # What the operator writes into the URL counts more.
    assert given["keepalives_idle"] == "60"


def test_a_clock_can_stand_in_for_the_database_in_tests(tmp_path: Path) -> None:
    clock = FakeClock()
    store = open_store("sqlite:///:memory:", tmp_path, clock=clock)
    store.add_connection(a_connection(), an_event(), an_app())
    store.save_authorized("con_1", 0, tokens(), AUTHORIZED, scopes=(), event=an_event())
    assert store.now() == clock.now()
    lease = store.acquire_lease("con_1", "worker", 1, HOUR)
    assert lease is not None
    assert lease.until == clock.now() + HOUR
    clock.advance(HOUR - timedelta(microseconds=1))
    assert store.acquire_lease("con_1", "other", 1, HOUR) is None
    clock.advance(timedelta(microseconds=1))
    assert store.acquire_lease("con_1", "other", 1, HOUR) is not None
    store.close()


def _a_text_file(path: Path) -> None:
    path.write_text("Dear diary, this is not a database at all. " * 50)


def _a_damaged_file(path: Path) -> None:
    open_store(None, path.parent).close()
    raw = bytearray(path.read_bytes())
    raw[200:8192] = b"\xff" * (8192 - 200)
    path.write_bytes(raw)


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("spoil", [_a_text_file, _a_damaged_file, _a_folder])
def test_what_cannot_be_read_is_refused_in_one_sentence(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path / "grantline.db")
    with pytest.raises(ConfigurationError) as refused:
        open_store(None, tmp_path)
    assert refused.value.hint
    assert "SELECT" not in str(refused.value) + refused.value.detail


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        open_store(None, tmp_path / "file")


def test_another_writer_that_takes_too_long_is_store_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grantline.store.database.PATIENCE_MS", 10)
    first, second = open_store(None, tmp_path), open_store(None, tmp_path)
    with first._write():  # noqa: SLF001 - a writer that does not end
        with pytest.raises(StoreBusy) as busy:
            second.add_event(an_event())
        assert second.list_events("home") == []
    assert busy.value.retryable
    second.add_event(an_event())
    first.close()
    second.close()


def test_a_pool_without_a_free_connection_is_store_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_POOL, "pool_timeout", 0.01)
    store = open_store("sqlite:///:memory:", tmp_path)
    with store._read(), pytest.raises(StoreBusy):  # noqa: SLF001 - its one connection is taken
        store.now()
    store.close()


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    store = open_store(None, tmp_path)
    with pytest.raises(ConfigurationError, match="disk is full"):
        fill(store)
    assert store.list_events("home") == []
    store.close()


def fill(store: SqlStore) -> None:
    with store._write() as run:  # noqa: SLF001 - a limit stands in for the disk
        run.execute(text("PRAGMA max_page_count = 1"))
        run.execute(
            text(
                "INSERT INTO event (id, workspace, at, actor, kind, subject, data) "
                "VALUES ('evt', 'home', 0, '', '', '', hex(zeroblob(1000000)))"
            )
        )


@pytest.mark.postgres
def test_a_database_that_may_only_be_read_is_told(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url, tmp_path)
    with store._write() as run:  # noqa: SLF001 - an operator's setting
        name = run.execute(text("SELECT current_database()")).scalar()
        run.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    store.close()
    store = open_store(postgres_url, tmp_path)
    with pytest.raises(ConfigurationError, match="cannot be written"):
        store.add_event(an_event())
    store.close()


@pytest.mark.parametrize("unkeepable", ["half \ud800 a character"])
def test_text_that_no_database_keeps_is_refused(tmp_path: Path, unkeepable: str) -> None:
    store = open_store(None, tmp_path)
    with pytest.raises(ConfigurationError, match="cannot keep"):
        store.add_event(an_event(kind=unkeepable))
    store.close()


@pytest.mark.postgres
def test_text_that_postgresql_does_not_keep_is_refused(postgres_url: str, tmp_path: Path) -> None:
    store = open_store(postgres_url, tmp_path)
    for unkeepable in ("a \0 byte", "half \ud800 a character"):
        with pytest.raises(ConfigurationError, match="cannot keep"):
            store.add_event(an_event(kind=unkeepable))
    store.close()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"postgresql://ada:{PASSWORD}@127.0.0.1:1/grantline", StoreBusy),
        (f"postgresql://ada:{PASSWORD}@/grantline?host=/nowhere", StoreBusy),
        (f"mysql://ada:{PASSWORD}@127.0.0.1/grantline", ConfigurationError),
        (f"postgresql:ada:{PASSWORD}", ConfigurationError),
        (f"postgresql://ada:{PASSWORD}@127.0.0.1:port/grantline", ConfigurationError),
        (f"{PASSWORD}", ConfigurationError),
    ],
)
def test_no_refusal_shows_the_password_of_a_url(
    tmp_path: Path, url: str, kind: type[GrantlineError]
) -> None:
    with pytest.raises(kind) as refused:
        open_store(url, tmp_path)
    error: BaseException | None = refused.value
    said = f"{refused.value} {refused.value.detail}"
    while error is not None:
        said += f"{error!r}"
        error = None if error.__suppress_context__ else error.__context__
    assert_no_canary([PASSWORD], said)


def test_a_url_of_postgresql_needs_its_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigurationError, match="driver") as refused:
        open_store("postgresql://ada@127.0.0.1/grantline", tmp_path)
    assert "grantline[postgres]" in refused.value.hint


def test_the_data_directory_is_the_platforms_unless_it_is_named() -> None:
    assert data_dir({"GRANTLINE_DATA_DIR": "/srv/grantline"}) == Path("/srv/grantline")
    assert data_dir({"GRANTLINE_DATA_DIR": "~/g"}) == Path.home() / "g"
    assert data_dir({"GRANTLINE_DATA_DIR": "here"}) == Path.cwd() / "here"
    for env in ({}, {"GRANTLINE_DATA_DIR": ""}):
        assert data_dir(env).name == "grantline"


def test_the_database_is_a_file_unless_it_is_named() -> None:
    assert database_url({}) is None
    assert database_url({"GRANTLINE_DATABASE_URL": ""}) is None
    assert database_url({"GRANTLINE_DATABASE_URL": "sqlite://"}) == "sqlite://"


def test_a_mode_that_someone_chose_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "grantline.db"
    path.touch()
    path.chmod(0o640)
    open_store(None, tmp_path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_size > 0

"""A whole database at one instant, taken in by another: also from an older version."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from grantline.errors import ConfigurationError
from grantline.store import migrations
from grantline.store.database import exclusive
from grantline.store.migrate import upgrade
from grantline.store.open import open_database, open_store
from grantline.store.snapshot import Snapshots, TableRows, load
from tests.records import an_app, an_event

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str | None:
    return str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None


def test_what_others_write_meanwhile_is_not_in_it(url: str | None, tmp_path: Path) -> None:
    store, other = open_store(url, tmp_path), open_store(url, tmp_path)
    store.add_app(an_app(), an_event())
    with store.snapshot() as snapshot:
        first = next(snapshot.tables)
        list(first.rows)
        other.add_app(an_app(id="late", name="late"), an_event())
        rows = {each.name: list(each.rows) for each in snapshot.tables} | {first.name: []}
    assert len(rows["event"]) == 1
    assert len(other.list_apps("home")) == 2
    store.close()
    other.close()


def test_an_older_schema_is_restored_into_and_brought_up_to_date(
    url: str | None, tmp_path: Path
) -> None:
    old = open_database(None, tmp_path / "old")
    with exclusive(old).begin() as run:
        upgrade(run, "0001")
    with Snapshots(old).snapshot() as snapshot:
        assert snapshot.schema == "0001"
        tables = [replace(each, rows=list(each.rows)) for each in snapshot.tables]
    old.dispose()
    assert "saved_request" not in {each.name for each in tables}
    ours = ("id", "workspace", "owner", "name", "provider", "settings", "sealed_secrets")
    row = ["app_1", "home", "ada", "Mail", "", "{}", None, 1, 1, 1]
    given = [
        replace(each, columns=(*ours, "version", "created_at", "updated_at"), rows=[row])
        if each.name == "app"
        else each
        for each in tables
    ]
    engine = open_database(url, tmp_path / "new")
    assert load(engine, "0001", given, restored_from=NOW)["app"] == 1
    engine.dispose()
    store = open_store(url, tmp_path / "new")
    assert store.load_app("home", "app_1").name == "Mail"
    assert store.instance().restored_from == NOW
    assert store.page_requests("home").total == 0
    store.close()


@pytest.mark.parametrize("schema", ["9999", "ae10", ""])
def test_a_newer_schema_is_refused(tmp_path: Path, schema: str) -> None:
    engine = open_database(None, tmp_path)
    with pytest.raises(ConfigurationError, match=migrations.REVISION):
        load(engine, schema, [TableRows("app", ("id",), [])], restored_from=NOW)
    engine.dispose()


def test_what_another_program_keeps_beside_it_is_left_alone(tmp_path: Path) -> None:
    store = open_store(None, tmp_path)
    with store._write() as run:  # noqa: SLF001 - as another program would
        run.execute(text("CREATE TABLE theirs (id TEXT)"))
    with store.snapshot() as snapshot:
        names = {each.name for each in snapshot.tables if list(each.rows) is not None}
    assert "app" in names
    assert not names & {"theirs", "alembic_version"}
    store.close()


def test_a_database_that_a_newer_version_added_to_is_not_taken_in_part(tmp_path: Path) -> None:
    store = open_store(None, tmp_path)
    with store._write() as run:  # noqa: SLF001 - as a newer version would
        run.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer Grantline"), store.snapshot():
        pass
    store.close()

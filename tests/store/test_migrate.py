"""The migrations build the schema that the code has, once, and never touch a newer database."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text

from grantline.errors import ConfigurationError
from grantline.store import migrations
from grantline.store.open import open_store
from grantline.store.schema.tables import metadata

PATIENCE_S = 60
PAUSE_S = 0.02


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/grantline.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    yield opened
    opened.dispose()


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for each in statements:
            connection.execute(text(each))


def test_migrations_build_what_the_tables_say(url: str, engine: Engine, tmp_path: Path) -> None:
    open_store(url, tmp_path).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_of_migrations_and_tables_are_the_same(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    """Alembic does not compare checks, conditions of indexes, or what a reference does."""
    open_store(url, tmp_path).close()
    migrated = schema_of(engine)
    execute(engine, "DROP TABLE alembic_version")
    metadata.drop_all(engine)
    metadata.create_all(engine)
    assert schema_of(engine) == migrated


def schema_of(engine: Engine) -> set[str]:
    """The definitions of every constraint and index, as the database itself prints them."""
    queries = {
        "sqlite": "SELECT name FROM sqlite_master WHERE tbl_name NOT LIKE 'alembic%' UNION "
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE conname NOT LIKE 'alembic%' AND conrelid > 0 "
        "AND connamespace = 'public'::regnamespace UNION "
        "SELECT indexdef FROM pg_indexes WHERE tablename NOT LIKE 'alembic%' "
        "AND schemaname = 'public'",
    }
    with engine.connect() as connection:
        return set(connection.execute(text(queries[engine.dialect.name])).scalars())


def test_opening_again_changes_nothing(url: str, tmp_path: Path) -> None:
    first = open_store(url, tmp_path)
    second = open_store(url, tmp_path)
    assert first.instance().id == second.instance().id
    first.close()
    second.close()


def test_opening_a_database_that_is_up_to_date_does_not_import_alembic(tmp_path: Path) -> None:
    open_store(None, tmp_path).close()
    code = (
        "import sys; from pathlib import Path; from grantline.store.open import open_store; "
        "open_store(None, Path(sys.argv[1])).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True)


def test_a_database_that_a_newer_version_has_made_its_own_is_refused(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    open_store(url, tmp_path).close()
    execute(
        engine,
        "UPDATE alembic_version SET version_num = '9999'",
        "UPDATE instance SET usable_from = 9998",
    )
    with pytest.raises(ConfigurationError, match="newer Grantline") as refused:
        open_store(url, tmp_path)
    assert "9999" in refused.value.message
    assert refused.value.hint


def test_a_database_with_additions_of_the_next_version_still_works(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    open_store(url, tmp_path).close()
    execute(
        engine,
        "UPDATE alembic_version SET version_num = '9999'",
        "ALTER TABLE app ADD COLUMN later TEXT",
    )
    open_store(url, tmp_path).close()


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE app (id TEXT)"],
        [
            "CREATE TABLE alembic_version (version_num TEXT)",
            "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
        ],
    ],
)
def test_the_database_of_another_program_is_refused_and_left_alone(
    url: str, engine: Engine, tmp_path: Path, statements: list[str]
) -> None:
    execute(engine, *statements)
    with pytest.raises(ConfigurationError) as refused:
        open_store(url, tmp_path)
    assert "own" in refused.value.hint
    with engine.connect() as connection, pytest.raises(Exception, match="instance"):
        connection.execute(text("SELECT * FROM instance"))


def test_a_migration_that_fails_leaves_nothing_behind(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    # The last table of the first revision is in the way.
    execute(engine, "CREATE TABLE event (id TEXT)")
    with pytest.raises(ConfigurationError):
        open_store(url, tmp_path)
    execute(engine, "DROP TABLE event")
    open_store(url, tmp_path).close()


def test_the_revision_is_the_last_that_adds() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    found = list(ScriptDirectory.from_config(config).walk_revisions())
    kinds = {each.revision: Path(each.path).name.removesuffix(".py") for each in found}
    for revision, name in kinds.items():
        assert name.startswith((f"{revision}_pre_", f"{revision}_post_"))
    assert max(each for each, name in kinds.items() if "_pre_" in name) == migrations.REVISION


def at_revision(engine: Engine, revision: str) -> dict[str, dict[str, bool]]:
    """Migrates that far; gives the columns of every table, and whether each must be given."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    found = inspect(engine)
    return {
        table: {
            each["name"]: not each["nullable"] and each["default"] is None
            for each in found.get_columns(table)
        }
        for table in found.get_table_names()
    }


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def test_what_the_code_of_any_version_before_writes_is_still_taken(
    url: str, engine: Engine
) -> None:
    """While a deployment rolls, old code writes into the new schema, and reads what it knows."""
    before: dict[str, dict[str, bool]] = {}
    for revision in revisions():
        after = at_revision(engine, revision)
        for table, columns in before.items():
            assert columns.keys() <= after[table].keys(), (revision, table)
            added = after[table].keys() - columns.keys()
            assert not [each for each in added if after[table][each]], (revision, table)
        before = after


def test_a_process_of_the_version_before_goes_on_while_another_migrates(
    url: str, engine: Engine, tmp_path: Path
) -> None:
    columns = at_revision(engine, revisions()[-2])["event"].keys() - {"number"}
    values = {
        "id": "'evt_' || {}",
        "at": "1",
        "data": "'{{}}'",
        **dict.fromkeys(columns - {"id", "at", "data"}, "'x'"),
    }
    written = 0
    statement = f"INSERT INTO event ({', '.join(values)}) VALUES ({', '.join(values.values())})"

    def old_code() -> None:
        nonlocal written
        # SQLite has no queue: whoever writes without a pause may keep others out for long.
        while not done.wait(PAUSE_S):
            execute(engine, statement.format(written))
            written += 1
            wrote.set()

    wrote, done = threading.Event(), threading.Event()
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(old_code)
        try:
            assert wrote.wait(PATIENCE_S) or writing.result(0)
            store = open_store(url, tmp_path)
            after = written
            wrote.clear()
            assert wrote.wait(PATIENCE_S) or writing.result(0)
        finally:
            done.set()  # also when opening failed: or the pool would wait for the writer forever
        writing.result()
    assert written > after
    assert len(store.list_events("x", limit=written + 1)) == written
    store.close()

"""The migrations build the schema that the code has, once, and never touch a newer database."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from grantline.errors import ConfigurationError
from grantline.store import migrations
from grantline.store.open import open_store
from grantline.store.tables import metadata


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

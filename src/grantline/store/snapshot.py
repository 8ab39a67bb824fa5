"""Everything in a database at one instant, in a form that any other database can take in.

Rows are read and written by the columns that are there, not by those this version knows: so a
backup of an older schema is loaded into that schema, and then migrated like any other database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    delete,
    func,
    insert,
    select,
    text,
    update,
)

from grantline.errors import ConfigurationError
from grantline.store import migrations
from grantline.store.database import Database, exclusive, translated
from grantline.store.migrate import upgrade
from grantline.store.schema.tables import instance, metadata

_BATCH: Final = 500
_VERSION: Final = "alembic_version"
# What a database has from its first start, before anybody used it.
_OF_EVERY_DATABASE: Final = frozenset({_VERSION, "instance", "vault_key"})


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of one table: values of JSON's own types, in the order of ``columns``."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database at one instant; tables come after those they refer to."""

    schema: str
    tables: Iterator[TableRows]


class Snapshots(Database):
    """The part of the store that gives everything away at once."""

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The database as it is now, whatever others write until the end of the block.

        Raises:
            ConfigurationError: A newer version has added to it what this one does not know.
        """
        with self._still() as run:
            schema = run.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            _check_known(schema)
            yield Snapshot(schema, _tables(run))


def load(
    engine: Engine, schema: str, tables: Iterable[TableRows], *, restored_from: datetime
) -> dict[str, int]:
    """Fills an empty database, all or nothing, and brings it up to date; gives rows by table.

    Args:
        engine: Of a database without rows of ours.
        schema: Which one the rows were taken from.
        tables: The rows, tables after those they refer to.
        restored_from: When they were taken; it is noted, so that nothing is renewed yet.

    Raises:
        ConfigurationError: The database is not empty, or the rows do not fit the schema.
    """
    _check_known(schema)
    with translated(), exclusive(engine).begin() as run:
        _clear(run)
        upgrade(run, schema)
        counts = {each.name: _fill(run, there, each) for there, each in _matched(run, tables)}
        upgrade(run, migrations.REVISION)
        run.execute(update(instance).values(place="", name="", restored_from=restored_from))
    return counts


def _check_known(schema: str) -> None:
    if schema > migrations.REVISION or not (schema.isascii() and schema.isdigit()):
        raise ConfigurationError(
            f"It belongs to a newer Grantline: its schema is {schema}, and this one knows up to "
            f"{migrations.REVISION}.",
            hint="Install that version or a later one.",
        )


def _ours(run: Connection) -> MetaData:
    """Our tables as they are there; a PostgreSQL schema may hold others as well."""
    there = MetaData()
    there.reflect(bind=run, only=lambda name, _: name in {*metadata.tables, _VERSION})
    return there


def _tables(run: Connection) -> Iterator[TableRows]:
    for table in _ours(run).sorted_tables:
        if table.name == _VERSION:
            continue
        # A number that the database gives by itself only says in which order rows came.
        columns = [
            each for each in table.columns if not (each.primary_key and _is_number(each.type))
        ]
        query = select(*columns).order_by(*table.primary_key.columns)
        with run.execute(query.execution_options(yield_per=_BATCH)) as rows:
            yield TableRows(table.name, tuple(each.name for each in columns), map(tuple, rows))


def _is_number(kind: object) -> bool:
    return isinstance(kind, Integer)


def _matched(run: Connection, tables: Iterable[TableRows]) -> Iterator[tuple[Table, TableRows]]:
    there = _ours(run).tables
    for each in tables:
        table = there.get(each.name) if each.name != _VERSION else None
        if table is None or not set(each.columns) <= set(table.columns.keys()):
            raise ConfigurationError(
                f"The backup holds a table {each.name} that its schema does not have.",
                hint="It was changed, or made by another program.",
            )
        yield table, each


def _fill(run: Connection, table: Table, given: TableRows) -> int:
    run.execute(delete(table))
    rows, count = iter(given.rows), 0
    while batch := list(islice(rows, _BATCH)):
        run.execute(insert(table), [dict(zip(given.columns, row, strict=True)) for row in batch])
        count += len(batch)
    return count


def _clear(run: Connection) -> None:
    """Makes room for another schema; refuses to drop what anybody put there."""
    there = _ours(run)
    for name, table in there.tables.items():
        if name in _OF_EVERY_DATABASE:
            continue
        if run.execute(select(func.count()).select_from(table)).scalar_one():
            raise ConfigurationError(
                "The database is not empty, and a restore would overwrite it.",
                hint="Restore into another place: set GRANTLINE_DATA_DIR or "
                "GRANTLINE_DATABASE_URL.",
            )
    there.drop_all(run)

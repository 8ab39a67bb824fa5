"""Transactions on SQLite and PostgreSQL: how they begin, what they wait for, what time it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Insert,
    Table,
    event,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement

from grantline.clock import Clock
from grantline.errors import GrantlineError
from grantline.store.failures import translate
from grantline.store.schema.columns import EPOCH, Instant, microseconds

PATIENCE_MS: Final = 5000
_OPENING: Final = "grantline_opening"


class DatabaseNow(FunctionElement[int]):
    """The database's clock in microseconds since 1970, read when the statement runs."""

    inherit_cache = True
    type = BigInteger()


@compiles(DatabaseNow, "sqlite")
def _sqlite_now(_element: DatabaseNow, _compiler: SQLCompiler, **_options: Any) -> str:
    # unixepoch('subsec') would be one call, but needs SQLite 3.42. 'now' is the same throughout
    # one step of a statement, so the two parts belong together.
    return (
        "(CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
        " + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000)"
    )


@compiles(DatabaseNow, "postgresql")
def _postgresql_now(_element: DatabaseNow, _compiler: SQLCompiler, **_options: Any) -> str:
    # now() would be the start of the transaction, from before a wait for a row.
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"


class Database:
    """One engine, and the two kinds of transaction that the store's methods run in."""

    def __init__(self, engine: Engine, *, clock: Clock | None = None) -> None:
        """Args: ``clock`` replaces the database's own clock, for tests alone."""
        self._clock = clock
        self._engine = engine
        self._writer = engine.execution_options(**{_OPENING: WRITE[engine.dialect.name]})

    def now(self) -> datetime:
        """The database's clock."""
        if self._clock is not None:
            return self._clock.now()
        with self._read() as run:
            return run.execute(select(type_coerce(DatabaseNow(), Instant))).scalar_one()

    def close(self) -> None:
        """Ends every connection; the store cannot be used afterwards."""
        self._engine.dispose()

    def _now(self) -> ColumnElement[int]:
        """The instant in microseconds, to compute with in a statement."""
        if self._clock is None:
            return DatabaseNow()
        return literal(microseconds(self._clock.now() - EPOCH), BigInteger)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with translated(), self._engine.begin() as run:
            yield run

    @contextmanager
    def _still(self) -> Iterator[Connection]:
        """A transaction that sees the database as it was at its first statement."""
        options = {_OPENING: STILL[self._engine.dialect.name]}
        with translated(), self._engine.execution_options(**options).begin() as run:
            yield run

    @contextmanager
    def _write(self, orphan: GrantlineError | None = None) -> Iterator[Connection]:
        """A transaction that may write; ``orphan`` is raised where a reference leads nowhere."""
        with translated(orphan), self._writer.begin() as run:
            yield run


def add_unless_there(run: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Adds a row, unless one is there with the same in a unique index; says whether it did."""
    dialect = postgresql if run.dialect.name == "postgresql" else sqlite
    made: Insert = dialect.insert(table).values(row).on_conflict_do_nothing()
    return run.execute(made.returning(literal(1))).first() is not None


def adding(run: Connection, table: Table) -> Insert:
    """The statement that adds rows with an ``id``; one that is there already stays as it is."""
    dialect = postgresql if run.dialect.name == "postgresql" else sqlite
    made: Insert = dialect.insert(table).on_conflict_do_nothing(index_elements=[table.c.id])
    return made


@contextmanager
def translated(orphan: GrantlineError | None = None) -> Iterator[None]:
    """Raises the driver's errors as Grantline's own (law 3)."""
    try:
        yield
    except (DBAPIError, PoolTimeout, UnicodeError) as error:
        raise translate(error, orphan) from None


# A deferred transaction that reads and then writes fails at once when another wrote in between,
# whatever busy_timeout says; IMMEDIATE waits in line instead. SET LOCAL ends with the transaction,
# so it is safe behind a pooler that hands out connections per transaction.
WRITE: Final = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": f"SET LOCAL lock_timeout = {PATIENCE_MS}",
}
STILL: Final = {
    "sqlite": "BEGIN",  # with a write-ahead log a reader never sees what comes later
    "postgresql": "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
}
ALONE: Final = {
    "sqlite": "BEGIN EXCLUSIVE",
    # Any number, as long as every version of Grantline locks the same one.
    "postgresql": "SELECT pg_advisory_xact_lock(7136180447261)",
}


def exclusive(engine: Engine) -> Engine:
    """``engine``, with transactions that keep every other migration out."""
    return engine.execution_options(**{_OPENING: ALONE[engine.dialect.name]})


def prepare(engine: Engine) -> Engine:
    """``engine``, made to open transactions and connections as Grantline needs them."""
    event.listen(engine, "begin", _begin)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _begin(connection: Connection) -> None:
    fallback = "BEGIN" if connection.dialect.name == "sqlite" else ""
    if opening := connection.get_execution_options().get(_OPENING, fallback):
        connection.exec_driver_sql(opening)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver would open transactions by its own rules; _begin does it by ours.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {PATIENCE_MS}",
        "journal_mode = WAL",
        # WAL's usual NORMAL may lose the last commits with the power: here, a rotated refresh
        # token that the provider will not give twice.
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")

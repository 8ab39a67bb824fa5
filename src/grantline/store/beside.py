"""A database beside ours, for a library that keeps its own tables: a file, or a schema.

What is kept there can be lost at any time, so it need not be as safe as ours, and may be faster.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from grantline.store.open import is_sqlite, make_private, open_database

FILE: Final = "runs.db"
SCHEMA: Final = "grantline_dbos"
# SQLite has one writer at a time; who waits for a connection wakes sooner than who polls a lock.
CONNECTIONS: Final = 1


class Disposable(Protocol):
    """What holds connections to it."""

    def dispose(self) -> None:
        """Closes them."""
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """Where it is.

    Attributes:
        url: Of its kind, and nowhere in particular: the engine knows where it is.
        schema: Of PostgreSQL; None for a file.
    """

    url: str
    engine: Engine
    schema: str | None


def open_beside(url: str | None, data_dir: Path) -> Beside:
    """The database beside the one that ``url`` names; arguments and errors as ``open_store``."""
    if not is_sqlite(url):
        engine = open_database(url, data_dir)
        return Beside("postgresql://localhost/grantline", engine, SCHEMA)
    path = data_dir / FILE
    make_private(path)
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", _set_up)
    return Beside("sqlite://", engine, None)


def set_aside(data_dir: Path) -> bool:
    """Puts a file that cannot be used out of the way; False when there is none."""
    path = data_dir / FILE
    if not path.exists():
        return False
    for each in (f"{FILE}-wal", f"{FILE}-shm"):
        (data_dir / each).unlink(missing_ok=True)
    with suppress(OSError):
        path.replace(data_dir / f"{FILE}.damaged")
        return True
    return False


def _set_up(connection: Any, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"
    for pragma in (
        "busy_timeout = 30000",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")

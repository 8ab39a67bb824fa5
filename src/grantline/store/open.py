"""Opens the store that a URL names, with its schema up to date."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from grantline.clock import Clock
from grantline.errors import ConfigurationError, GrantlineError
from grantline.store.database import PATIENCE_MS, prepare
from grantline.store.migrate import migrate
from grantline.store.snapshot import TableRows, load
from grantline.store.sql.store import SqlStore

DATABASE_FILE: Final = "grantline.db"
_POSTGRESQL: Final = {"postgres", "postgresql", "postgresql+psycopg"}
_SQLITE: Final = {"sqlite", "sqlite+pysqlite"}


def open_store(url: str | None, data_dir: Path, *, clock: Clock | None = None) -> SqlStore:
    """The store at ``url``, migrated; None means SQLite in ``data_dir``.

    Args:
        url: ``sqlite:////absolute/path``, ``sqlite:///:memory:`` or ``postgresql://...``.
        data_dir: Made, for its owner alone, when it is needed and not there.
        clock: Replaces the database's clock; for tests alone.

    Raises:
        ConfigurationError: The database cannot be opened, read or migrated; says what to do.
        StoreBusy: It does not answer.
    """
    engine = open_database(url, data_dir)
    try:
        migrate(engine)
    except GrantlineError:
        engine.dispose()
        raise
    return SqlStore(engine, clock=clock)


def fill_store(
    url: str | None,
    data_dir: Path,
    schema: str,
    tables: Iterable[TableRows],
    *,
    restored_from: datetime,
) -> dict[str, int]:
    """Fills the empty database at ``url``; arguments and errors as ``open_store`` and ``load``."""
    engine = open_database(url, data_dir)
    try:
        return load(engine, schema, tables, restored_from=restored_from)
    finally:
        engine.dispose()


def open_database(url: str | None, data_dir: Path) -> Engine:
    """The database at ``url`` as it is, whatever is in it. Arguments as ``open_store``."""
    parsed = _parse(url) if url else URL.create("sqlite", database=str(data_dir / DATABASE_FILE))
    if parsed.drivername in _SQLITE:
        engine = _open_sqlite(parsed)
    elif parsed.drivername in _POSTGRESQL:
        engine = _open_postgresql(parsed)
    else:
        raise ConfigurationError(
            "The database URL names a database that is not supported.",
            hint="Use sqlite:///path or postgresql://user@host/name.",
        )
    return prepare(engine)


def is_sqlite(url: str | None) -> bool:
    """Whether ``url``, as for ``open_store``, names an SQLite database."""
    return url is None or _parse(url).drivername in _SQLITE


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        # The library's message may quote the URL, and with it a password.
        raise ConfigurationError(
            "The database URL cannot be read.",
            hint="Use sqlite:///path or postgresql://user:password@host/name, "
            "with special characters percent-encoded.",
        ) from None


def _open_sqlite(url: URL) -> Engine:
    in_memory = url.database in {None, "", ":memory:"}
    if not in_memory:
        make_private(Path(url.database or ""))
    return create_engine(
        url.set(drivername="sqlite+pysqlite"),
        poolclass=QueuePool,
        # A database in memory lives in one connection, which its threads take in turn.
        **({"pool_size": 1, "max_overflow": 0} if in_memory else {}),
        **_POOL,
        connect_args={"check_same_thread": False},
    )


def _open_postgresql(url: URL) -> Engine:
    query = _BOUNDS | dict(url.query)
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg", query=query),
            **_POOL,
            pool_pre_ping=True,
            # No prepared statements: a pooler may run the next transaction on another session.
            connect_args={"prepare_threshold": None},
        )
    except ImportError:
        raise ConfigurationError(
            "The driver for PostgreSQL is not installed.",
            hint="Install it with: pip install 'grantline[postgres]'",
        ) from None


# A network that swallows everything would hold a transaction for a quarter of an hour.
_BOUNDS: Final = {
    "connect_timeout": str(PATIENCE_MS // 1000),
    "tcp_user_timeout": str(2 * PATIENCE_MS),
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "2",
}
_POOL: Final[dict[str, Any]] = {
    "pool_timeout": PATIENCE_MS / 1000,
    "hide_parameters": True,
}


def make_private(path: Path) -> None:
    """Makes the file and its directory for the owner alone; what exists is left as it is.

    SQLite gives its journal files the mode of the database.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ConfigurationError(
            f"The database file {path} cannot be opened.",
            hint="Check the path, and that this user may write there.",
            detail=error.strerror or "",
        ) from None

"""Quick storage: databases are copies of a migrated one, and nobody waits for the disk.

Migrating a database, and waiting until a disk has written, take longer than most tests need for
all they do; and nothing here has to survive a loss of power. The tests of the store do both for
real (`tests.store.conftest`), and so does every process that tests start.
"""

import os
import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine

from grantline.store import database
from grantline.store.migrate import migrate

set_up = database._set_up_sqlite  # noqa: SLF001 - what every new connection goes through


@pytest.fixture(scope="session", autouse=True)
def quick_storage() -> Iterator[None]:
    """For every test, except those of the store."""
    migrated = sqlite3.connect(":memory:", check_same_thread=False)
    migrate(database.prepare(create_engine("sqlite://", creator=lambda: migrated)))

    def fill_and_set_up(connection: sqlite3.Connection, record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        if not pages:
            _copy(migrated, connection)
        set_up(connection, record)
        connection.execute("PRAGMA synchronous = OFF")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_set_up_sqlite", fill_and_set_up)
        patch.setattr(os, "fsync", lambda _: None)
        yield
    migrated.close()


def _copy(migrated: sqlite3.Connection, new: sqlite3.Connection) -> None:
    new.execute("PRAGMA journal_mode = MEMORY")
    new.execute("PRAGMA synchronous = OFF")
    migrated.backup(new)
    # No two databases have one name.
    new.execute("UPDATE instance SET id = 'ins_' || lower(hex(randomblob(16)))")
    new.commit()

"""A database among its copies: how one is told from another."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select, text, update

from grantline.store.database import Database
from grantline.store.records.connections import ConnectionRecord
from grantline.store.records.keys import Instance
from grantline.store.records.page import Page
from grantline.store.schema.tables import connection, instance
from grantline.store.sql.rows import connection_to_record, to_record

_DATABASE: Final = "SELECT oid FROM pg_database WHERE datname = current_database()"
_MAY_ASK: Final = "SELECT has_function_privilege('pg_control_system()', 'execute')"
_CLUSTER: Final = "SELECT system_identifier FROM pg_control_system()"


class Copies(Database):
    """The part of the store that knows where it is."""

    def instance(self) -> Instance:
        """What this database remembers of itself."""
        with self._read() as run:
            return to_record(Instance, run.execute(select(instance)).mappings().one())

    def place(self) -> str:
        """Where this database is, told by what a copy of it would not share; empty in memory.

        For SQLite that is the number of its file, which stays when the file is renamed or mounted
        elsewhere, and which no copy gets; for PostgreSQL the cluster and the database within it.
        """
        if self._engine.dialect.name == "sqlite":
            file = self._engine.url.database
            return f"file:{Path(file).stat().st_ino}" if file and file != ":memory:" else ""
        with self._read() as run:
            database = run.execute(text(_DATABASE)).scalar_one()
            # Everybody may ask, unless an operator has taken that away.
            system = run.execute(text(_CLUSTER)).scalar_one() if run.scalar(text(_MAY_ASK)) else ""
        return f"postgresql:{system}/{database}"

    def ended_by(self, instant: datetime, limit: int) -> Page[ConnectionRecord]:
        """Connections whose access token ended by then, and which have a refresh token, by name."""
        held = connection.c
        ended = (
            held.has_refresh_token,
            held.expires_at <= instant,
            held.state != "reauthorization_required",
        )
        rows = select(connection).where(*ended).order_by(held.name, held.id).limit(limit)
        total = select(func.count()).select_from(connection).where(*ended)
        with self._read() as run:
            found = tuple(connection_to_record(row) for row in run.execute(rows).mappings())
            return Page(found, run.execute(total).scalar_one())

    def settle(self, place: str, name: str) -> None:
        """Notes that this is the only copy, that it is at ``place``, and what it is called."""
        values = {"place": place, "name": name, "restored_from": None}
        with self._write() as run:
            run.execute(update(instance).values(values))

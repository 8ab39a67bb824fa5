"""Apps and connections: what people create, edit and delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, or_, select, update

from grantline.errors import (
    AppInUse,
    AppNotFound,
    ConnectionChanged,
    ConnectionNotFound,
    GrantlineError,
)
from grantline.store.database import Database
from grantline.store.records.audit import Event
from grantline.store.records.connections import Account, AppRecord, ConnectionRecord, Health
from grantline.store.records.credentials import CredentialRecord
from grantline.store.records.requests import SavedRequestRecord
from grantline.store.records.scenarios import ScenarioRecord
from grantline.store.schema.tables import app, connection
from grantline.store.sql.journal import note
from grantline.store.sql.rows import (
    NO_TOKENS,
    connection_to_record,
    connection_to_row,
    to_record,
    to_row,
)

_EDITABLE_APP: Final = ("name", "provider", "settings", "sealed_secrets", "version", "updated_at")
_EDITABLE: Final = (
    "name",
    "app_id",
    "flow",
    "scopes",
    "hosts",
    "inputs",
    "sealed_secrets",
    "at_once",
    "version",
    "updated_at",
)


def no_connection() -> ConnectionNotFound:
    """The answer for a connection that is not there, or not in this workspace (law 2)."""
    return ConnectionNotFound(
        "There is no such connection.", hint="List the connections to see their names."
    )


def no_app() -> AppNotFound:
    """The answer for an app that is not there, or not in this workspace (law 2)."""
    return AppNotFound("There is no such app.", hint="List the apps to see their names.")


class Connections(Database):
    """The rows that people edit, each guarded by its version (law 4)."""

    def add_app(self, app: AppRecord, event: Event) -> None:
        """Adds an app."""
        with self._write() as run:
            _insert_app(run, app)
            note(run, event)

    def load_app(self, workspace: str, app_id: str) -> AppRecord:
        """The app of this id."""
        return self._app(app.c.workspace == workspace, app.c.id == app_id)

    def find_app(self, workspace: str, name: str) -> AppRecord:
        """The app of this name."""
        return self._app(app.c.workspace == workspace, app.c.name == name)

    def list_apps(self, workspace: str) -> Sequence[AppRecord]:
        """Every app of the workspace, oldest first."""
        query = select(app).where(app.c.workspace == workspace).order_by(app.c.id)
        with self._read() as run:
            return [to_record(AppRecord, row) for row in run.execute(query).mappings()]

    def update_app(self, app: AppRecord, event: Event, reset: Health | None = None) -> None:
        """Writes ``app`` over version ``app.version - 1`` (law 4)."""
        with self._write() as run:
            _update_app(run, app, reset)
            note(run, event)

    def delete_app(self, workspace: str, app_id: str, event: Event) -> None:
        """Deletes an app that no connection refers to."""
        in_use = AppInUse("The app still has connections.", hint="Delete them first.")
        gone = delete(app).where(app.c.workspace == workspace, app.c.id == app_id)
        with self._write(orphan=in_use) as run:
            if not run.execute(gone).rowcount:
                raise no_app()
            note(run, event)

    def add_connection(
        self, connection: ConnectionRecord, event: Event, app: AppRecord | None = None
    ) -> None:
        """Adds a connection, and its app with it when given: both or neither."""
        with self._write(orphan=no_app()) as run:
            if app is not None:
                _insert_app(run, app)
            _insert(run, connection)
            note(run, event)

    def load_connection(self, workspace: str, connection_id: str) -> ConnectionRecord:
        """The connection of this id."""
        held = connection.c
        return self._connection(held.workspace == workspace, held.id == connection_id)

    def find_connection(self, workspace: str, name: str) -> ConnectionRecord:
        """The connection of this name."""
        held = connection.c
        return self._connection(held.workspace == workspace, held.name == name)

    def list_connections(
        self, workspace: str, app_id: str | None = None
    ) -> Sequence[ConnectionRecord]:
        """Every connection of the workspace, or of one app in it, oldest first."""
        query = select(connection).where(connection.c.workspace == workspace)
        if app_id is not None:
            query = query.where(connection.c.app_id == app_id)
        with self._read() as run:
            rows = run.execute(query.order_by(connection.c.id)).mappings()
            return [connection_to_record(row) for row in rows]

    def update_connection(
        self,
        connection: ConnectionRecord,
        event: Event,
        app: AppRecord | None = None,
        reset: Health | None = None,
    ) -> None:
        """Writes what people edit over ``connection.version - 1`` (law 4)."""
        with self._write(orphan=no_app()) as run:
            if app is not None:
                _update_app(run, app, reset)
            _update(run, connection, None if app is not None else reset)
            note(run, event)

    def delete_connection(self, workspace: str, connection_id: str, event: Event) -> None:
        """Removes the row, its pending authorizations and its attempts."""
        held = connection.c
        gone = delete(connection).where(held.workspace == workspace, held.id == connection_id)
        with self._write() as run:
            if not run.execute(gone).rowcount:
                raise no_connection()
            note(run, event)

    def touch(self, connection_id: str, used_at: datetime) -> None:
        """Notes a use; missing rows are ignored, and so is a use before the last one noted."""
        held = connection.c
        later = or_(held.last_used_at.is_(None), held.last_used_at < used_at)
        used = update(connection).where(held.id == connection_id, later)
        with self._write() as run:
            run.execute(used.values(last_used_at=used_at))

    def save_account(self, connection_id: str, account: Account) -> None:
        """Notes whose account at the service this is, and what its answer said besides."""
        noted = update(connection).where(connection.c.id == connection_id)
        values = {
            "account_id": account.id,
            "account_label": account.label,
            "captured": account.captured,
        }
        with self._write() as run:
            if not run.execute(noted.values(values)).rowcount:
                raise no_connection()

    def _app(self, *where: Any) -> AppRecord:
        with self._read() as run:
            row = run.execute(select(app).where(*where)).mappings().one_or_none()
        if row is None:
            raise no_app()
        return to_record(AppRecord, row)

    def _connection(self, *where: Any) -> ConnectionRecord:
        with self._read() as run:
            row = run.execute(select(connection).where(*where)).mappings().one_or_none()
        if row is None:
            raise no_connection()
        return connection_to_record(row)


# Module functions, because inside the methods the names ``app`` and ``connection`` are records.
def _insert_app(run: Connection, record: AppRecord) -> None:
    run.execute(insert(app).values(to_row(record)))


def _insert(run: Connection, record: ConnectionRecord) -> None:
    run.execute(insert(connection).values(connection_to_row(record)))


def _update_app(run: Connection, record: AppRecord, reset: Health | None) -> None:
    row = to_row(record)
    write_over(run, app, record, {name: row[name] for name in _EDITABLE_APP}, no_app())
    if reset is not None:
        of_app = (connection.c.workspace == record.workspace, connection.c.app_id == record.id)
        run.execute(update(connection).where(*of_app).values(_without_tokens(reset)))


def _update(run: Connection, record: ConnectionRecord, reset: Health | None) -> None:
    row = connection_to_row(record)
    values = {name: row[name] for name in _EDITABLE}
    if reset is not None:
        values |= _without_tokens(reset)
    write_over(run, connection, record, values, no_connection())


def _without_tokens(health: Health) -> dict[str, Any]:
    """No tokens, and a new generation so that no refresh under way saves over that."""
    return NO_TOKENS | to_row(health) | {"generation": connection.c.generation + 1}


def write_over(
    run: Connection,
    table: Table,
    record: AppRecord | ConnectionRecord | CredentialRecord | SavedRequestRecord | ScenarioRecord,
    values: dict[str, Any],
    missing: GrantlineError,
    *also: ColumnElement[bool],
) -> None:
    """Law 4: ``values`` over the version before, ``also`` being true, or the reason why not."""
    own = (table.c.workspace == record.workspace, table.c.id == record.id)
    before = table.c.version == record.version - 1
    if run.execute(update(table).where(*own, before, *also).values(values)).rowcount:
        return
    raise missing_or_changed(run, table, own, missing)


def missing_or_changed(
    run: Connection,
    table: Table,
    own: tuple[ColumnElement[bool], ...],
    missing: GrantlineError,
) -> GrantlineError:
    """Why no row was written: ``missing``, or that it has another version by now."""
    if run.execute(select(table.c.id).where(*own)).one_or_none() is None:
        return missing
    return ConnectionChanged(
        f"Somebody changed this {table.name.replace('_', ' ')} meanwhile; nothing was overwritten.",
        hint="Read it again, and repeat the change.",
    )

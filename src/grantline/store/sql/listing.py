"""The list of connections as a page shows it: filtered, in order, a page at a time."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select

from grantline.store.database import Database
from grantline.store.records.connections import AppRecord, Glance, ListedConnection
from grantline.store.records.page import Page
from grantline.store.records.scenarios import UseKind
from grantline.store.schema.tables import app, connection
from grantline.store.sql.connections import no_connection
from grantline.store.sql.paging import contains, page_of
from grantline.store.sql.rows import connection_to_record, to_record
from grantline.store.sql.uses import count_uses


class Listing(Database):
    """Reading connections without opening them, many at once or one again and again."""

    def page_connections(
        self,
        workspace: str,
        *,
        query: str = "",
        owner: str | None = None,
        states: Collection[str] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedConnection]:
        """Connections by name, those that fit every filter given, with their apps."""
        held = connection.c
        wanted = select(held.id).where(held.workspace == workspace)
        if query:
            named = select(app.c.id).where(
                app.c.workspace == workspace, contains(query, app.c.name, app.c.provider)
            )
            wanted = wanted.where(
                or_(contains(query, held.name, held.account_label), held.app_id.in_(named))
            )
        if owner is not None:
            wanted = wanted.where(held.owner == owner)
        if states:
            wanted = wanted.where(held.state.in_(states))
        with self._read() as run:
            ids, total = page_of(run, wanted.order_by(held.name), offset, limit)
            shown = select(connection).where(held.id.in_(ids)).order_by(held.name)
            records = [connection_to_record(row) for row in run.execute(shown).mappings()]
            its_apps = select(app).where(app.c.id.in_({each.app_id for each in records}))
            apps = {
                row["id"]: to_record(AppRecord, row) for row in run.execute(its_apps).mappings()
            }
            uses = count_uses(run, workspace, UseKind.CONNECTION, ids)
        return Page(
            tuple(
                ListedConnection(connection=each, app=apps[each.app_id], uses=uses.get(each.id, 0))
                for each in records
            ),
            total,
        )

    def page_apps(
        self, workspace: str, *, query: str = "", offset: int = 0, limit: int = 50
    ) -> Page[AppRecord]:
        """Apps by name; ``query`` is in the name or the provider, whatever the case."""
        wanted = select(app.c.id).where(app.c.workspace == workspace).order_by(app.c.name)
        if query:
            wanted = wanted.where(contains(query, app.c.name, app.c.provider))
        with self._read() as run:
            ids, total = page_of(run, wanted, offset, limit)
            shown = select(app).where(app.c.id.in_(ids)).order_by(app.c.name)
            rows = run.execute(shown).mappings()
            return Page(tuple(to_record(AppRecord, row) for row in rows), total)

    def connection_names(self, workspace: str, connection_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these connections that there are, by id."""
        held = connection.c
        wanted = select(held.id, held.name).where(held.workspace == workspace)
        with self._read() as run:
            rows = run.execute(wanted.where(held.id.in_(connection_ids)))
            return {row[0]: row[1] for row in rows}

    def glance(self, workspace: str, connection_id: str) -> Glance:
        """What changes about a connection, cheap enough to be asked every second."""
        held = connection.c
        own = (held.workspace == workspace, held.id == connection_id)
        columns = (held.generation, held.version, held.state, held.lease_owner, held.lease_number)
        seen = select(*columns).where(*own)
        with self._read() as run:
            row = run.execute(seen).mappings().one_or_none()
        if row is None:
            raise no_connection()
        return to_record(Glance, row)

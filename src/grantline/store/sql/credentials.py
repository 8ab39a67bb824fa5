"""Credentials: what people keep under a name that is no OAuth grant."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    delete,
    insert,
    or_,
    select,
    update,
)

from grantline.errors import NotFound
from grantline.store.database import Database
from grantline.store.records.audit import Event
from grantline.store.records.credentials import CredentialRecord, ListedCredential
from grantline.store.records.page import Page
from grantline.store.records.scenarios import UseKind
from grantline.store.schema.tables import credential
from grantline.store.sql.connections import write_over
from grantline.store.sql.journal import note
from grantline.store.sql.paging import contains, page_of
from grantline.store.sql.people import not_found
from grantline.store.sql.rows import to_record, to_row
from grantline.store.sql.uses import count_uses

_EDITABLE: Final = (
    "name",
    "details",
    "hosts",
    "sealed_secrets",
    "expires_at",
    "version",
    "updated_at",
)


class Credentials(Database):
    """The rows of credentials, each guarded by its version (law 4)."""

    def add_credential(self, credential: CredentialRecord, event: Event) -> None:
        """Adds a credential."""
        with self._write() as run:
            insert_credential(run, credential, event)

    def load_credential(self, workspace: str, credential_id: str) -> CredentialRecord:
        """The credential of this id."""
        return self._credential(_of(workspace), credential.c.id == credential_id)

    def find_credential(self, workspace: str, name: str) -> CredentialRecord:
        """The credential of this name."""
        return self._credential(_of(workspace), credential.c.name == name)

    def page_credentials(
        self,
        workspace: str,
        *,
        query: str = "",
        kinds: Collection[str] = (),
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedCredential]:
        """Credentials by name, those that fit every filter given."""
        held = credential.c
        wanted = select(held.id).where(_of(workspace)).order_by(held.name)
        if query:
            wanted = wanted.where(contains(query, held.name, held.hosts))
        if kinds:
            wanted = wanted.where(held.kind.in_(kinds))
        with self._read() as run:
            ids, total = page_of(run, wanted, offset, limit)
            shown = select(credential).where(held.id.in_(ids)).order_by(held.name)
            records = [to_record(CredentialRecord, row) for row in run.execute(shown).mappings()]
            uses = count_uses(run, workspace, UseKind.CREDENTIAL, ids)
        return Page(tuple(ListedCredential(each, uses.get(each.id, 0)) for each in records), total)

    def credential_names(self, workspace: str, credential_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these credentials that there are, by id."""
        held = credential.c
        wanted = select(held.id, held.name).where(_of(workspace), held.id.in_(credential_ids))
        with self._read() as run:
            return {row[0]: row[1] for row in run.execute(wanted)}

    def update_credential(self, credential: CredentialRecord, event: Event) -> None:
        """Writes ``credential`` over version ``credential.version - 1`` (law 4)."""
        row = to_row(credential)
        values = {name: row[name] for name in _EDITABLE}
        with self._write() as run:
            write_over(run, _credentials, credential, values, _missing())
            note(run, event)

    def delete_credential(self, workspace: str, credential_id: str, event: Event) -> None:
        """Removes a credential; what refers to it keeps its id."""
        gone = delete(credential).where(_of(workspace), credential.c.id == credential_id)
        with self._write() as run:
            if not run.execute(gone).rowcount:
                raise _missing()
            note(run, event)

    def touch_credential(self, credential_id: str, used_at: datetime) -> None:
        """Notes a use; missing rows are ignored, and so is a use before the last one noted."""
        held = credential.c
        later = or_(held.last_used_at.is_(None), held.last_used_at < used_at)
        used = update(credential).where(held.id == credential_id, later)
        with self._write() as run:
            run.execute(used.values(last_used_at=used_at))

    def _credential(self, *where: ColumnElement[bool]) -> CredentialRecord:
        with self._read() as run:
            row = run.execute(select(credential).where(*where)).mappings().one_or_none()
        if row is None:
            raise _missing()
        return to_record(CredentialRecord, row)


# Inside the methods that take one, ``credential`` is a record.
_credentials: Final = credential


def insert_credential(run: Connection, record: CredentialRecord, event: Event) -> None:
    """Adds a credential within a transaction that adds what refers to it as well."""
    run.execute(insert(credential).values(to_row(record)))
    note(run, event)


def _missing() -> NotFound:
    return not_found("credential")


def _of(workspace: str) -> ColumnElement[bool]:
    return credential.c.workspace == workspace

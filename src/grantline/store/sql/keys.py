"""Master keys, and what is sealed under each: never a value in the clear, never a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, delete, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from grantline.errors import KeyInUse, KeyUnavailable, NotFound
from grantline.store.database import Database
from grantline.store.records.keys import KeyRecord, SealedColumn, SealedCount, SealedValue
from grantline.store.schema.tables import BOUND_TO, instance, metadata, vault_key
from grantline.store.sql.rows import to_record, to_row

# Of a sealed value: its version and the fingerprint of the key that wrapped it, with both dots.
HEAD: Final = 20


@dataclass(frozen=True, slots=True)
class _Sealed:
    table: Table
    column: Column[Any]

    @property
    def row(self) -> Column[Any]:
        """What names a row: every table with sealed values has a primary key of one column."""
        (key,) = self.table.primary_key.columns
        return key

    @property
    def head(self) -> ColumnElement[str]:
        """The beginning of the value, which names its key."""
        return func.substr(self.column, 1, HEAD)

    def described(self) -> SealedColumn:
        return SealedColumn(self.table.name, self.column.name, self.column.info[BOUND_TO])


# Every place of a sealed value, read off the tables: a new one cannot be forgotten.
_SEALED: Final = {
    each.described(): each
    for each in (
        _Sealed(table, column)
        for table in metadata.sorted_tables
        for column in table.columns
        if BOUND_TO in column.info
    )
}


class Keys(Database):
    """The part of the store that knows which key sealed what."""

    def list_keys(self) -> Sequence[KeyRecord]:
        """Every key that may have sealed something here, oldest first."""
        order = (vault_key.c.created_at, vault_key.c.fingerprint)
        with self._read() as run:
            rows = run.execute(select(vault_key).order_by(*order)).mappings()
            return [to_record(KeyRecord, row) for row in rows]

    def primary_key(self) -> str:
        """The fingerprint of the key that seals; empty in a store that is new."""
        with self._read() as run:
            return _primary(run) or ""

    def add_key(self, key: KeyRecord, replacing: str | None = None) -> None:
        """Notes a key; a primary one takes over from the key ``replacing``, and from no other."""
        known = vault_key.c
        with self._write() as run:
            _one_at_a_time(run)
            same = known.fingerprint == key.fingerprint
            is_known = run.execute(select(known.fingerprint).where(same)).first() is not None
            if key.primary:
                current = _primary(run)
                if current not in {None, replacing, key.fingerprint}:
                    raise KeyUnavailable(
                        f"This database is sealed with the master key {current}.",
                        fingerprint=current,
                        hint="Another process registered it meanwhile: start with that key.",
                    )
                run.execute(update(vault_key).where(known.primary).values(primary=False))
                run.execute(update(vault_key).where(same).values(primary=True))
            if not is_known:
                run.execute(insert(vault_key).values(to_row(key)))

    def retire_key(self, fingerprint: str) -> None:
        """Forgets a key under which nothing is sealed any more (law 14)."""
        known = vault_key.c
        same = known.fingerprint == fingerprint
        with self._read() as run:
            found = run.execute(select(known.primary).where(same)).scalar()
            if found is None:
                raise NotFound(
                    f"This database knows no master key {fingerprint}.",
                    hint="See those that it knows with: grantline keys list",
                )
            if found:
                raise _primary_needed(fingerprint)
            # Counting goes through every secret. Writers do not wait for it: what they sealed with
            # this key before they followed the primary one may arrive after any count.
            counts = [each for each in _count_sealed(run) if each.head[3:].startswith(fingerprint)]
        if counts:
            places = ", ".join(f"{each.count} in {each.place.table}" for each in counts)
            raise KeyInUse(
                f"{sum(each.count for each in counts)} stored secrets still need the master key "
                f"{fingerprint}: {places}.",
                hint="Run: grantline keys rewrap",
            )
        with self._write() as run:
            _one_at_a_time(run)
            if not run.execute(delete(vault_key).where(same, known.primary.is_(False))).rowcount:
                raise _primary_needed(fingerprint)

    def count_sealed(self) -> Sequence[SealedCount]:
        """How many values are sealed, by column and by the head that names the key."""
        with self._read() as run:
            return _count_sealed(run)

    def sealed_columns(self) -> Sequence[SealedColumn]:
        """Every column of sealed values."""
        return tuple(_SEALED)

    def list_sealed(
        self, place: SealedColumn, *, but: str, after: str, limit: int
    ) -> Sequence[SealedValue]:
        """Values of a column whose head is not ``but``, by row, those behind the row ``after``."""
        sealed = _SEALED[place]
        workspace = sealed.table.c.workspace
        query = (
            select(workspace, sealed.row, sealed.column)
            .where(sealed.column.is_not(None), sealed.head != but, sealed.row > after)
            .order_by(sealed.row)
            .limit(limit)
        )
        with self._read() as run:
            return [SealedValue(*row) for row in run.execute(query)]

    def replace_sealed(
        self, place: SealedColumn, changes: Sequence[tuple[SealedValue, str]]
    ) -> int:
        """Writes new values over those that are still what was read; gives how many were.

        Whoever wrote a value meanwhile wins: his is newer.
        """
        sealed = _SEALED[place]
        with self._write() as run:
            return sum(
                run.execute(
                    update(sealed.table)
                    .where(sealed.row == old.row, sealed.column == old.sealed)
                    .values({sealed.column: new})
                ).rowcount
                for old, new in changes
            )


def _count_sealed(run: Connection) -> list[SealedCount]:
    found = []
    for place, sealed in _SEALED.items():
        head = sealed.head.label("head")
        query = select(head, func.count()).where(sealed.column.is_not(None)).group_by(head)
        found += [SealedCount(place, *row) for row in run.execute(query)]
    return found


def _one_at_a_time(run: Connection) -> None:
    """Waits for whoever changes the keys just now.

    Of two processes that start at once, each with a key of its own, the second then sees the
    first one's key.
    """
    run.execute(select(instance.c.id).with_for_update())


def _primary_needed(fingerprint: str) -> KeyInUse:
    return KeyInUse(
        f"The master key {fingerprint} is the primary one: new secrets are sealed with it.",
        hint="Make another one primary first: grantline keys primary FINGERPRINT",
    )


def _primary(run: Connection) -> str | None:
    known = vault_key.c
    return run.execute(select(known.fingerprint).where(known.primary)).scalar()

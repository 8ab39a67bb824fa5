"""Master keys, the values sealed with them, and this database among its copies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A master key that may have sealed something here.

    Attributes:
        check: Tells whether a key is this one; of no use to find it.
        primary: New secrets are sealed with this one.
        wrapped: The key as a key management service wrapped it; empty for one kept elsewhere.
    """

    fingerprint: str
    check: str
    primary: bool
    created_at: datetime
    wrapped: str = ""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values, and the word that they are bound to besides table and row."""

    table: str
    column: str
    bound_to: str


@dataclass(frozen=True, slots=True)
class SealedCount:
    """How many values of a column begin with ``head``: version and fingerprint, with both dots."""

    place: SealedColumn
    head: str
    count: int


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One sealed value, and the row it is bound to."""

    workspace: str
    row: str
    sealed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """This database among its copies.

    Attributes:
        id: Made once when the database was created; copies share it.
        place: Where the only copy was known to be; empty when nobody ever looked.
        name: What its operator called it (``GRANTLINE_INSTANCE``); empty without a name.
        restored_from: When the backup was made from which it was restored; None once somebody
            has said that this is the only copy.
    """

    id: str
    place: str = ""
    name: str = ""
    restored_from: datetime | None = None

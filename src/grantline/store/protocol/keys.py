"""What changing master keys asks of a database: a part of ``Store``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from grantline.store.records.keys import KeyRecord, SealedColumn, SealedCount, SealedValue


class KeyStore(Protocol):
    """Master keys, and the values that they seal."""

    def list_keys(self) -> Sequence[KeyRecord]:
        """Every key that may have sealed something here, oldest first."""
        ...

    def primary_key(self) -> str:
        """The fingerprint of the key that seals; empty in a store that is new."""
        ...

    def add_key(self, key: KeyRecord, replacing: str | None = None) -> None:
        """Notes a key, new or known; a primary one takes over from the key ``replacing`` (law 10).

        Raises:
            KeyUnavailable: Another key is primary by now; names it, and changes nothing.
        """
        ...

    def retire_key(self, fingerprint: str) -> None:
        """Forgets a key (law 14).

        Raises:
            KeyInUse: It is primary, or something is sealed under it: says how much and where.
            NotFound: No key has this fingerprint.
        """
        ...

    def sealed_columns(self) -> Sequence[SealedColumn]:
        """Every column of sealed values."""
        ...

    def count_sealed(self) -> Sequence[SealedCount]:
        """How many values are sealed, by column and by the head that names the key."""
        ...

    def list_sealed(
        self, place: SealedColumn, *, but: str, after: str, limit: int
    ) -> Sequence[SealedValue]:
        """Values of a column whose head is not ``but``, by row, those behind the row ``after``."""
        ...

    def replace_sealed(
        self, place: SealedColumn, changes: Sequence[tuple[SealedValue, str]]
    ) -> int:
        """Writes new values over those that are still what was read (law 15); gives the count."""
        ...

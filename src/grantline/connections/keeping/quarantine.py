"""A restored or copied database renews nothing until somebody says that it is the only copy.

A refresh token that rotates may be used by one holder only. If a copy of a database renewed once,
the service would see the original's token used again, take it for stolen, and end the grant. So
a copy serves the access tokens that still live, and otherwise waits for ``grantline resume``.

Copies share the id of their database, so what tells them apart is where they are: the number of the
SQLite file, the PostgreSQL cluster and database, and the name that an operator gave them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from grantline.errors import Quarantined
from grantline.store.protocol.store import Store

RESUME: Final = "grantline resume --i-am-the-only-copy"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Why this database is taken for a copy: one sentence."""

    reason: str
    resume_with: ClassVar[str] = RESUME

    @property
    def sentence(self) -> str:
        """Reason, consequence and next step, for people."""
        return (
            f"Renewing tokens is off: {self.reason} Tokens that still live are used. "
            f"If no other copy is in use, run: {RESUME}"
        )

    def refusal(self, name: str) -> Quarantined:
        """The error for the connection ``name``, whose token would have to be renewed."""
        return Quarantined(
            f"The token of “{name}” is not renewed here: {self.reason}",
            hint=f"If no other copy of this database is in use, run: {RESUME}",
        )


def examine_copy(store: Store, name: str) -> Quarantine | None:
    """Why ``store`` may be a copy, or None. A database that was never looked at notes where it is.

    Args:
        store: The database.
        name: What the operator calls this installation (``GRANTLINE_INSTANCE``), or nothing.
    """
    known, place = store.instance(), store.place()
    if known.restored_from is not None:
        return Quarantine(
            f"this database was restored from a backup of {known.restored_from:%F %R} UTC."
        )
    if known.name and known.name != name:
        here = f"this is “{name}”" if name else "GRANTLINE_INSTANCE is not set here"
        return Quarantine(f"this database belongs to “{known.name}”, and {here}.")
    if known.place not in {"", place} and not known.name:
        return Quarantine("this database was copied or moved from another place.")
    if (known.place, known.name) != (place, name):
        store.settle(place, name)
    return None


def resume(store: Store, name: str) -> None:
    """Notes that ``store`` is the only copy, here and under this name."""
    store.settle(store.place(), name)

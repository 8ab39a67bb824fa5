"""What a driver's exception means, said in Grantline's own errors.

No text of the driver leaves here: its messages quote statements, values and connection strings.
Only the error's name and code go into ``detail``.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from grantline.errors import ConfigurationError, GrantlineError, NameTaken, StoreBusy

_BUSY: Final = "The database did not answer, or another writer held it too long."
_FULL: Final = ("The database's disk is full; nothing was saved.", "Free some space and try again.")
_DISK: Final = (
    "The database's disk reported an error.",
    "Look at the system's log, and bring a backup to safety.",
)
_READ_ONLY: Final = (
    "The database cannot be written to.",
    "Check the owner and mode of the file and its folder, or the rights of the database user.",
)
_DAMAGED: Final = (
    "The database file is damaged, or is no database at all.",
    "Put it aside, restore the last backup, and start again.",
)
_UNREACHABLE: Final = (
    "The database cannot be opened.",
    "Check that the path exists, or that the server's address, user and password are right.",
)
_STRANGE: Final = (
    "The database does not have the tables it should have.",
    "Check that the address names Grantline's own database, and that its user owns the tables.",
)
UNSTORABLE: Final = "unstorable"
REFUSED: Final = "refused"
_UNSTORABLE: Final = (
    "A text holds a character that the database cannot keep.",
    "Remove control characters and broken Unicode from it.",
)

_SQLITE: Final = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CANTOPEN: _UNREACHABLE,
    sqlite3.SQLITE_PERM: _UNREACHABLE,
    sqlite3.SQLITE_AUTH: _UNREACHABLE,
    sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_ERROR: _STRANGE,
}
# SQLSTATE classes and codes (PostgreSQL manual, appendix A); longer ones are looked up first.
_POSTGRES: Final = {
    "53100": _FULL,
    "25006": _READ_ONLY,
    "42501": _READ_ONLY,
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,
    "28": _UNREACHABLE,
    "3D": _UNREACHABLE,
    "42": _STRANGE,
}


def translate(
    error: DBAPIError | PoolTimeout | UnicodeError, orphan: GrantlineError | None = None
) -> GrantlineError:
    """The error to raise in place of ``error``; ``orphan`` stands for a broken reference."""
    if isinstance(error, UnicodeError | DataError):
        return ConfigurationError(_UNSTORABLE[0], hint=_UNSTORABLE[1], detail=UNSTORABLE)
    if isinstance(error, PoolTimeout):
        return StoreBusy(_BUSY, hint="Try again.", detail="every connection is in use")
    cause, code = error.orig, _code(error)
    detail = f"{type(cause).__name__} {code}".rstrip()
    if isinstance(error, IntegrityError):
        if orphan is not None and code in {"SQLITE_CONSTRAINT_FOREIGNKEY", "23503"}:
            return orphan
        if _is_name(error):
            return NameTaken("This name is taken in this workspace.", hint="Choose another name.")
        return ConfigurationError(
            "The database refused a row that breaks its own rules.",
            hint="Please report this with the detail in the log.",
            detail=f"{REFUSED}: {detail}",
        )
    if isinstance(cause, sqlite3.Error):
        # Extended codes keep the primary code in the low byte.
        found = _SQLITE.get(getattr(cause, "sqlite_errorcode", -1) & 0xFF)
    else:
        found = _POSTGRES.get(code) or _POSTGRES.get(code[:2])
    if found is None:
        return StoreBusy(_BUSY, hint="Try again.", detail=detail)
    return ConfigurationError(found[0], hint=found[1], detail=detail)


def is_lasting(error: GrantlineError) -> bool:
    """Whether the database will never take what it refused with ``error``, however often asked."""
    detail = error.detail or ""
    return detail == UNSTORABLE or detail.startswith(REFUSED)


def _code(error: DBAPIError) -> str:
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return name or ""


def _is_name(error: IntegrityError) -> bool:
    """True for a second row of one name.

    SQLite names the columns in its message, PostgreSQL the constraint in the diagnosis.
    """
    if isinstance(error.orig, sqlite3.Error):
        return str(error.orig).endswith(".name")
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None) or ""
    return constraint.startswith("uq_") and constraint.endswith("_name")

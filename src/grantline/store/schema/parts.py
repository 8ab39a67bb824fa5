"""What the tables of the schema are made with: their names, partial indices, sealed columns."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, MetaData, Text, text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


BOUND_TO: Final = "bound_to"


def when(condition: str) -> dict[str, Any]:
    """The options of an index over the rows that meet ``condition`` only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def sealed(name: str, bound_to: str, *, nullable: bool = False) -> Column[str]:
    """A column of sealed values, which are bound to their row and to the word ``bound_to``."""
    return Column(name, Text, nullable=nullable, info={BOUND_TO: bound_to})

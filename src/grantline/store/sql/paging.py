"""One page of a list, with the length of the whole list."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, func, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def page_of(run: Connection, ids: Select[str], offset: int, limit: int) -> tuple[list[str], int]:
    """The ids from ``offset`` on, and how many there are without a limit.

    Ids alone, because an index holds them and the rows are wide.

    Args:
        run: An open transaction.
        ids: Selects one column that is never null; ordered, and not yet limited.
        offset: How many to pass over.
        limit: How many to give.
    """
    total: int = run.execute(ids.with_only_columns(func.count()).order_by(None)).scalar_one()
    if offset >= total:
        return [], total
    return list(run.execute(ids.offset(offset).limit(limit)).scalars()), total


class _Position(FunctionElement[int]):
    """Where one text begins in another, from 1 on; 0 when it is not in it."""

    inherit_cache = True
    type = Integer()


@compiles(_Position, "sqlite")
def _sqlite_position(element: _Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(_Position, "postgresql")
def _postgresql_position(element: _Position, compiler: SQLCompiler, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


def contains(text: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one of ``columns`` contains ``text``; SQLite folds the case of ASCII letters alone.

    Not LIKE, which takes three times as long and knows two characters that mean others.
    """
    return or_(*(_Position(func.lower(each), func.lower(text)) > 0 for each in columns))

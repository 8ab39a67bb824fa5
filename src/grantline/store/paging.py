"""One page of a list, with the length of the whole list, in one short transaction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, func, or_

ESCAPE = "\\"


def page_of(
    run: Connection, query: Select[Any], key: ColumnElement[Any], offset: int, limit: int
) -> tuple[list[RowMapping], int]:
    """The rows of ``query`` from ``offset`` on, and how many there are without a limit.

    Args:
        run: An open transaction.
        query: Ordered, and not yet limited.
        key: A column that is never null, to count by.
        offset: How many rows to pass over.
        limit: How many rows to give.
    """
    counted = query.with_only_columns(func.count(key)).order_by(None)
    total: int = run.execute(counted).scalar_one()
    if offset >= total:
        return [], total
    return list(run.execute(query.offset(offset).limit(limit)).mappings()), total


def contains(text: str, *columns: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether one of ``columns`` contains ``text``, whatever the case of ASCII letters."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return or_(*(each.ilike(f"%{text}%", escape=ESCAPE) for each in columns))

"""Records to rows and back. Field and column names are the same; only a connection is folded."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import RowMapping

from grantline.store.records.connections import ConnectionRecord, Health, TokenColumns

R = TypeVar("R")
NO_TOKENS = {each.name: None for each in fields(TokenColumns)} | {"has_refresh_token": False}


def to_row(record: Any) -> dict[str, Any]:
    """The columns that a record, or a folded part of one, fills."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


def to_record(kind: type[R], row: RowMapping) -> R:
    """The record, or the folded part of one, that a row holds."""
    return kind(**{each.name: row[each.name] for each in fields(kind)})  # type: ignore[arg-type]


def connection_to_row(record: ConnectionRecord) -> dict[str, Any]:
    """The columns of a connection, with its health and tokens unfolded."""
    row = to_row(record)
    health, tokens = row.pop("health"), row.pop("tokens")
    return row | to_row(health) | (to_row(tokens) if tokens else NO_TOKENS)


def connection_to_record(row: RowMapping) -> ConnectionRecord:
    """The connection in a row; its tokens are None until it was first authorized."""
    held = row["sealed_tokens"] is not None
    parts: dict[str, Any] = {
        "health": to_record(Health, row),
        "tokens": to_record(TokenColumns, row) if held else None,
    }
    own = {e.name: row[e.name] for e in fields(ConnectionRecord) if e.name not in parts}
    return ConnectionRecord(**own, **parts)

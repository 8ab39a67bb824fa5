"""How values that a database does not know are kept exactly: instants, JSON, lists of words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(span: timedelta) -> int:
    """``span`` as a whole number of microseconds, without a detour through floats."""
    return span // _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """Aware UTC datetimes as microseconds since 1970: exact, ordered, the same in every database.

    SQLite has no type for instants, and text would make the lease compare strings.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """The number to store; a naive datetime raises TypeError, for it names no instant."""
        return None if value is None else microseconds(value - EPOCH)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """The instant, in UTC."""
        return None if value is None else EPOCH + int(value) * _MICROSECOND


class Span(TypeDecorator[timedelta]):
    """Spans as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, _dialect: Dialect) -> int | None:
        """The number to store."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> timedelta | None:
        """The span."""
        return None if value is None else int(value) * _MICROSECOND


class Json(TypeDecorator[Mapping[str, Any]]):
    """A JSON object as ASCII text: no escape that PostgreSQL's own JSON types refuse is lost."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, Any] | None, _dialect: Dialect) -> str | None:
        """The text to store."""
        return None if value is None else json.dumps(dict(value), separators=(",", ":"))

    def process_result_value(self, value: Any, _dialect: Dialect) -> Mapping[str, Any] | None:
        """The object."""
        return None if value is None else dict(json.loads(value))


class Words(TypeDecorator[tuple[str, ...]]):
    """A list of strings in their order; None stays apart from the empty list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, _dialect: Dialect) -> str | None:
        """The text to store."""
        return None if value is None else json.dumps(list(value), separators=(",", ":"))

    def process_result_value(self, value: Any, _dialect: Dialect) -> tuple[str, ...] | None:
        """The strings."""
        return None if value is None else tuple(json.loads(value))

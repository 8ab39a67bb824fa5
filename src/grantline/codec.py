"""Frozen settings values as plain JSON and back: what differs from the default, and no more.

One codec serves the store, ``--format json`` and files, so a setting has one spelling everywhere.
Values are read from the dataclass' own types; there is no second list of fields to keep in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from grantline.errors import InvalidInput

T = TypeVar("T")


def to_plain(value: object, *, whole: bool = False) -> dict[str, Any]:
    """The fields of a settings dataclass as JSON types; only those that differ from the default.

    Args:
        value: A frozen dataclass of strings, numbers, enums, spans, tuples and the like.
        whole: Every field, for people who read the full list.
    """
    plain = {}
    for each in fields(value):  # type: ignore[arg-type]
        current = getattr(value, each.name)
        if whole or current != _default(each):
            plain[each.name] = _plain(current, whole=whole)
    return plain


def from_plain(kind: type[T], plain: Mapping[str, Any]) -> T:
    """A ``kind`` from what ``to_plain`` gave. Fields that are absent take their default.

    Raises:
        InvalidInput: A field is unknown, or its value has the wrong type; names the field.
    """
    hints = _hints(kind)  # type: ignore[arg-type]
    unknown = sorted(set(plain) - set(hints))
    if unknown:
        msg = f"There is no setting named {unknown[0]}."
        raise InvalidInput(msg, field=unknown[0], hint=f"Settings: {', '.join(sorted(hints))}.")
    given = {name: _read(hints[name], value, name) for name, value in plain.items()}
    missing = [
        each.name
        for each in fields(kind)  # type: ignore[arg-type]
        if each.name not in given and _default(each) is MISSING
    ]
    if missing:
        msg = f"The setting {missing[0]} is missing."
        raise InvalidInput(msg, field=missing[0], hint="Give it a value.")
    return kind(**given)


def plain_values(values: Mapping[str, object]) -> dict[str, object]:
    """Single fields as ``to_plain`` writes them; what is plain already stays."""
    return {name: _plain(value, whole=False) for name, value in values.items()}


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _default(each: Any) -> object:
    return each.default if each.default_factory is MISSING else each.default_factory()


def _plain(value: object, *, whole: bool) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return to_plain(value, whole=whole)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [_plain(each, whole=whole) for each in value]
    return value


def _read(hint: Any, value: Any, field: str) -> Any:
    if get_origin(hint) in {Union, UnionType}:
        if value is None:
            return None
        hint = next(each for each in get_args(hint) if each is not type(None))
    try:
        if get_origin(hint) is tuple:
            return _read_tuple(hint, value, field)
        if is_dataclass(hint):
            _require(isinstance(value, Mapping))
            return from_plain(hint, value)  # type: ignore[arg-type]
        if hint is timedelta:
            _require(type(value) in {int, float})
            return timedelta(seconds=value)
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            return hint(value)
    except (ValueError, TypeError, OverflowError):
        raise _wrong(hint, value, field) from None
    if type(value) is not hint:
        raise _wrong(hint, value, field)
    return value


def _read_tuple(hint: Any, value: Any, field: str) -> tuple[Any, ...]:
    inner = get_args(hint)
    if isinstance(value, Mapping) and get_origin(inner[0]) is tuple:
        # Pairs written as a table: {"access_type": "offline"}.
        value = list(value.items())
    _require(isinstance(value, list | tuple))
    if inner[-1] is Ellipsis:
        return tuple(_read(inner[0], each, field) for each in value)
    return tuple(_read(kind, each, field) for kind, each in zip(inner, value, strict=True))


def _require(condition: bool) -> None:  # noqa: FBT001 - it is the only argument
    if not condition:
        raise TypeError


def _wrong(hint: Any, value: object, field: str) -> InvalidInput:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        allowed = ", ".join(hint)
        return InvalidInput(
            f"{value!r} is not a value of {field}.", field=field, hint=f"Use one of: {allowed}."
        )
    return InvalidInput(f"The value of {field} has the wrong type.", field=field)

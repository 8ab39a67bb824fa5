"""Values of a definition as tables of plain JSON types and back, by their own fields and types.

One rule for names: ``is_`` before and ``_id`` behind are left out, so ``is_enabled`` is written
``enabled``, and ``connection_id`` as ``connection``. Only what differs from the default is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from grantline.scenarios.definition.reading import Place
from grantline.scenarios.definition.spans import span_words

T = TypeVar("T")

_EMPTY: Final[dict[Any, Any]] = {str: "", int: 0, bool: False}


def key_of(name: str) -> str:
    """How files call the field ``name``."""
    return name.removeprefix("is_").removesuffix("_id")


def to_table(
    value: object, *, always: Collection[str] = (), skip: Collection[str] = ()
) -> dict[str, Any]:
    """The fields of a dataclass that differ from their defaults, and those of ``always``."""
    table = {}
    for each in fields(value):  # type: ignore[arg-type]
        current = getattr(value, each.name)
        if each.name not in skip and (each.name in always or current != default_of(each)):
            table[key_of(each.name)] = plain(current)
    return table


def plain(value: Any) -> Any:
    """``value`` in plain JSON types."""
    if is_dataclass(value):
        return to_table(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, timedelta):
        return span_words(value)
    if isinstance(value, tuple):
        if value and all(isinstance(each, tuple) for each in value):
            return pairs_to_plain(value)
        return [plain(each) for each in value]
    return value


def pairs_to_plain(pairs: Sequence[tuple[str, Any]]) -> Any:
    """Names and values as a table; as a list of tables of one where a name comes twice."""
    counts = Counter(name for name, _ in pairs)
    if all(count == 1 for count in counts.values()):
        return dict(pairs)
    return [{name: value} for name, value in pairs]


def pairs_from_plain(place: Place, kind: Any) -> tuple[tuple[str, Any], ...]:
    """What ``pairs_to_plain`` wrote; ``id: [1, 2]`` is read as the text ``id`` given twice."""
    tables = place.items() if isinstance(place.value, list) else [place]
    rows = [row for each in tables for row in each.table().items()]
    return tuple(
        (name, _read(each, kind))
        for name, value in rows
        for each in (value.items() if kind is str and isinstance(value.value, list) else [value])
    )


def read_table(
    place: Place,
    kind: type[T],
    *,
    also: Collection[str] = (),
    skip: Collection[str] = (),
    given: Mapping[str, Any] | None = None,
) -> T:
    """A ``kind`` from its table. What is absent takes its default.

    Args:
        place: The table.
        kind: A dataclass.
        also: Names in the table that are read elsewhere.
        skip: Fields that the table does not have.
        given: Values of fields that were read elsewhere.
    """
    hints = _hints(kind)  # type: ignore[arg-type]
    shown = {key_of(each.name): each for each in fields(kind) if each.name not in skip}  # type: ignore[arg-type]
    table = place.table((*shown, *also))
    values: dict[str, Any] = {}
    for key, each in shown.items():
        if each.name in (given or {}):
            continue
        if key in table:
            values[each.name] = _read(table[key], hints[each.name])
        elif default_of(each) is MISSING:
            if isinstance(place.value, dict):
                place.wrong(f"{key} is missing in {place.name}.", f"Add {key}.")
            values[each.name] = _EMPTY.get(hints[each.name])
    return kind(**values, **(given or {}))


def default_of(each: Field[Any]) -> Any:
    """The default of a field; ``MISSING`` when it has none."""
    return each.default if each.default_factory is MISSING else each.default_factory()


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(place: Place, hint: Any) -> Any:
    if hint is Any:
        return place.json()
    if get_origin(hint) in {Union, UnionType}:
        if place.value is None:
            return None
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        if get_origin(inner) is tuple:
            return pairs_from_plain(place, get_args(inner)[1])
        return tuple(_read(each, inner) for each in place.items())
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        chosen = place.choice(hint)
        return chosen if chosen is not None else next(iter(hint))
    if is_dataclass(hint):
        return read_table(place, hint)  # type: ignore[arg-type]
    readers: dict[Any, Callable[[], Any]] = {
        str: place.text,
        bool: place.flag,
        int: place.number,
        timedelta: place.span,
    }
    return readers[hint]()

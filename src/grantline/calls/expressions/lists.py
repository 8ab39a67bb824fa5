"""Filters for lists and objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from grantline.calls.expressions.operators import OPERATORS
from grantline.calls.expressions.picks import list_of, order, picked, picker, sameness
from grantline.calls.expressions.texts import text_of, whole
from grantline.calls.expressions.values import MOST_ITEMS, as_text, joined, truth
from grantline.calls.expressions.wording import Refused, kind_of
from grantline.calls.structures.paths import MISSING, at_path, parse_path
from grantline.errors import InvalidInput

_LONGEST_OPERAND: Final = 10_000
_COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=", "in", "not in")


def length(value: Any) -> int:
    """How many items, names or characters there are."""
    if not isinstance(value, str | list | dict):
        raise Refused(f"length counts a list, an object or a text, and this is {kind_of(value)}.")
    return len(value)


def first(value: Any) -> Any:
    """The first item, or character."""
    return _end(value, 0, "first")


def last(value: Any) -> Any:
    """The last item, or character."""
    return _end(value, -1, "last")


def reverse(value: Any) -> Any:
    """Back to front: a list or a text."""
    return value[::-1] if isinstance(value, str) else list_of(value, "reverse")[::-1]


def slice_(value: Any, start: Any, stop: Any = None) -> Any:
    """The items or characters from ``start``, which counts from 0, up to and without ``stop``."""
    for bound in (start, stop):
        if bound is not None and type(bound) is not int:
            raise Refused(f"A slice needs whole numbers, and this is {kind_of(bound)}.")
    return (value if isinstance(value, str) else list_of(value, "slice"))[start:stop]


def join(value: Any, between: Any = "", path: Any = None) -> str:
    """One text of all items; with a path, of what is there in each."""
    return joined(map(as_text, picked(value, path, "join")), text_of(between))


def sort(value: Any, path: Any = None, descending: Any = False) -> list[Any]:  # noqa: FBT002
    """In order; with a path, by what is there in each item. Null comes last."""
    items = list_of(value, "sort")
    keys = order(picked(value, path, "sort"))
    places = sorted(range(len(items)), key=keys.__getitem__, reverse=truth(descending))
    if truth(descending):
        places.sort(key=lambda place: bool(keys[place][0]))
    return [items[place] for place in places]


def unique(value: Any, path: Any = None) -> list[Any]:
    """Each once, the first of it; with a path, by what is there in each item."""
    seen: dict[Any, Any] = {}
    for item, key in zip(list_of(value, "unique"), picked(value, path, "unique"), strict=True):
        seen.setdefault(sameness(key), item)
    return list(seen.values())


def map_(value: Any, path: Any) -> list[Any]:
    """A list of what is at the path in each item; null where there is nothing."""
    return list(picked(value, path, "map"))


def where(value: Any, path: Any, *condition: Any) -> list[Any]:
    """The items that have something true at the path, or that value, or one that compares so."""
    return _chosen(value, path, condition, wanted=True)


def where_not(value: Any, path: Any, *condition: Any) -> list[Any]:
    """The items that ``where`` would leave out."""
    return _chosen(value, path, condition, wanted=False)


def group(value: Any, path: Any) -> list[dict[str, Any]]:
    """A list of objects with ``key``, what is at the path, and ``items``, those that have it."""
    groups: dict[Any, dict[str, Any]] = {}
    for item, key in zip(list_of(value, "group"), picked(value, path, "group"), strict=True):
        entry = groups.setdefault(sameness(key), {"key": key, "items": []})
        entry["items"].append(item)
    return list(groups.values())


def index_by(value: Any, path: Any) -> dict[str, Any]:
    """An object with each item under what is at the path in it; the last of several counts."""
    keys = map(as_text, picked(value, path, "index_by"))
    return dict(zip(keys, list_of(value, "index_by"), strict=True))


def flatten(value: Any) -> list[Any]:
    """Lists in a list laid open, one level."""
    flat: list[Any] = []
    for each in list_of(value, "flatten"):
        flat.extend(each if isinstance(each, list) else [each])
        if len(flat) > MOST_ITEMS:
            raise Refused(f"This makes a list of more than {MOST_ITEMS:,} items.")
    return flat


def chunk(value: Any, size: Any) -> list[list[Any]]:
    """Lists of so many items each; the last may have fewer."""
    items, step = list_of(value, "chunk"), whole(size, "The size", least=1)
    return [items[at : at + step] for at in range(0, len(items), step)]


def compact(value: Any) -> Any:
    """Without what is null or empty: a list or an object."""
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if not _is_empty(each)}
    return [each for each in list_of(value, "compact") if not _is_empty(each)]


def keys(value: Any) -> list[str]:
    """The names in an object."""
    return list(_object(value, "keys"))


def values(value: Any) -> list[Any]:
    """The values in an object."""
    return list(_object(value, "values").values())


def entries(value: Any) -> list[dict[str, Any]]:
    """A list of objects with ``key`` and ``value``, one for each name in an object."""
    return [{"key": key, "value": each} for key, each in _object(value, "entries").items()]


def merge(value: Any, other: Any) -> dict[str, Any]:
    """Both objects in one; where they have the same name, the other's value counts."""
    return {**_object(value, "merge"), **_object(other, "merge")}


def pick(value: Any, *names: Any) -> dict[str, Any]:
    """Only these names of an object, those that are there."""
    given = _object(value, "pick")
    wanted = [text_of(name) for name in names]
    return {name: given[name] for name in wanted if name in given}


def omit(value: Any, *names: Any) -> dict[str, Any]:
    """An object without these names."""
    unwanted = {text_of(name) for name in names}
    return {name: each for name, each in _object(value, "omit").items() if name not in unwanted}


def at(value: Any, path: Any, fallback: Any = None) -> Any:
    """What is at a path that is itself worked out; ``fallback`` where nothing is."""
    try:
        found = at_path(value, parse_path(text_of(path), field="path"))
    except InvalidInput as error:
        raise Refused("This is no path.", error.hint) from None
    return fallback if found is MISSING else found


def _end(value: Any, place: int, what: str) -> Any:
    items = value if isinstance(value, str) else list_of(value, what)
    if not items:
        raise Refused(
            f"There is no {what} item: it is {kind_of(value)}.",
            "Ask before: (value | first) if value else other.",
        )
    return items[place]


def _chosen(value: Any, path: Any, condition: tuple[Any, ...], *, wanted: bool) -> list[Any]:
    holds = _condition(condition)
    take = picker(path)
    return [item for item in list_of(value, "where") if holds(take(item)) is wanted]


def _condition(condition: tuple[Any, ...]) -> Callable[[Any], bool]:
    match condition:
        case ():
            return truth
        case (wanted,):
            key = sameness(wanted)
            return lambda found: bool(sameness(found) == key)
        case (("in" | "not in") as sign, list() as wanted):
            keys = {sameness(each) for each in wanted}
            return lambda found: (sameness(found) in keys) is (sign == "in")
        case (str() as sign, wanted) if sign in _COMPARISONS:
            if isinstance(wanted, str) and len(wanted) > _LONGEST_OPERAND:
                raise Refused("This text is too long to compare each item with.")
            deed = OPERATORS[sign]
            # What is not there compares with nothing.
            return lambda found: bool(
                (found is not None or sign in {"==", "!="}) and deed(found, wanted)
            )
        case _:
            raise Refused(
                "where cannot compare like this.",
                'Write where("price", ">", 10), where("state", "open") or where("active").',
            )


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(f"{what} needs an object, and this is {kind_of(value)}.")
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


LISTS: Final[dict[str, Callable[..., Any]]] = {
    "length": length,
    "first": first,
    "last": last,
    "reverse": reverse,
    "slice": slice_,
    "join": join,
    "sort": sort,
    "unique": unique,
    "map": map_,
    "where": where,
    "where_not": where_not,
    "group": group,
    "index_by": index_by,
    "flatten": flatten,
    "chunk": chunk,
    "compact": compact,
    "keys": keys,
    "values": values,
    "entries": entries,
    "merge": merge,
    "pick": pick,
    "omit": omit,
    "at": at,
}

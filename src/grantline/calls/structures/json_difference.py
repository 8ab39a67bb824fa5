"""What differs between two JSON values, path by path: added, removed, changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from grantline.calls.structures.json_outline import path_below
from grantline.calls.structures.json_values import dump_json

MOST: Final = 200
# Of a value that is shown; what is longer is cut.
LONGEST: Final = 400
# Whatever is nested deeper is compared as a whole.
DEEPEST: Final = 64
_ABSENT: Final = object()


class Change(StrEnum):
    """What became of a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not the same on both sides.

    Attributes:
        path: How to reach it, ``data.items[0].id``; empty for the whole. A place in a list is the
            one it has on the second side, or where it was when it is not there.
        before: The value on the first side as JSON, cut when it is long; empty when it was added.
        after: The value on the second side.
    """

    path: str
    change: Change
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Differences:
    """All of them in the order of the values; with ``is_cut`` only the first."""

    rows: tuple[Difference, ...]
    is_cut: bool = False


def differences(before: Any, after: Any, *, most: int = MOST) -> Differences:
    """What differs between two JSON values.

    Members of lists are the same ones when they are equal, or have the same ``id``; else by their
    place. Numbers are equal when they are the same number, and never equal to ``true``.
    """
    rows: list[Difference] = []
    pending = [("", 0, before, after)]
    while pending:
        path, depth, old, new = pending.pop()
        if _same(old, new):
            continue
        if depth < DEEPEST and isinstance(old, dict) and isinstance(new, dict):
            below = [
                (path_below(path, name), old.get(name, _ABSENT), new.get(name, _ABSENT))
                for name in dict.fromkeys((*old, *new))
            ]
        elif depth < DEEPEST and isinstance(old, list) and isinstance(new, list):
            below = [(path_below(path, at), *pair) for at, *pair in _aligned(old, new)]
        else:
            if len(rows) == most:
                return Differences(tuple(rows), is_cut=True)
            rows.append(_difference(path, old, new))
            continue
        pending += [(to, depth + 1, *pair) for to, *pair in reversed(below)]
    return Differences(tuple(rows))


def _difference(path: str, old: Any, new: Any) -> Difference:
    if old is _ABSENT:
        return Difference(path, Change.ADDED, after=_text(new))
    if new is _ABSENT:
        return Difference(path, Change.REMOVED, before=_text(old))
    return Difference(path, Change.CHANGED, _text(old), _text(new))


def _same(old: Any, new: Any) -> bool:
    """Whether two values, of which either may be absent, are equal as JSON."""
    pending = [(old, new)]
    while pending:
        one, other = pending.pop()
        # By kind first: Python takes 1 for True, wherever the two are nested.
        if _kind(one) is not _kind(other) or one is _ABSENT or other is _ABSENT:
            return False
        if isinstance(one, dict):
            if one.keys() != other.keys():
                return False
            pending += [(value, other[name]) for name, value in one.items()]
        elif isinstance(one, list):
            if len(one) != len(other):
                return False
            pending += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


def _kind(value: Any) -> type:
    if isinstance(value, bool) or value is None or isinstance(value, str | dict | list):
        return type(value)
    return float


def _aligned(old: list[Any], new: list[Any]) -> list[tuple[int, Any, Any]]:
    """Members of two lists that belong together, with the place where each is shown."""
    shorter = min(len(old), len(new))
    first = next((at for at in range(shorter) if not _same(old[at], new[at])), shorter)
    last = next(
        (at for at in range(shorter - first) if not _same(old[-1 - at], new[-1 - at])),
        shorter - first,
    )
    was, now = old[first : len(old) - last], new[first : len(new) - last]
    old_ids, new_ids = _ids(was), _ids(now)
    if old_ids is None or new_ids is None:
        return [
            (
                first + at,
                was[at] if at < len(was) else _ABSENT,
                now[at] if at < len(now) else _ABSENT,
            )
            for at in range(max(len(was), len(now)))
        ]
    gone = [(first + at, was[at], _ABSENT) for key, at in old_ids.items() if key not in new_ids]
    here = [
        (first + at, was[old_ids[key]] if key in old_ids else _ABSENT, now[at])
        for key, at in new_ids.items()
    ]
    return sorted([*gone, *here], key=lambda each: each[0])


def _ids(members: list[Any]) -> dict[tuple[type, Any], int] | None:
    """Where each ``id`` is; None when members have none, or one has another's."""
    found = {}
    for at, each in enumerate(members):
        key = each.get("id") if isinstance(each, dict) else None
        if isinstance(key, bool) or not isinstance(key, str | int):
            return None
        found[type(key), key] = at
    return found if len(found) == len(members) else None


def _text(value: Any) -> str:
    text = dump_json(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

"""Lists as filters take them, and what is picked of each item by a path such as ``owner.id``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from json import JSONEncoder
from typing import Any, Final

from grantline.calls.expressions.operators import exactly
from grantline.calls.expressions.values import is_number
from grantline.calls.expressions.wording import Refused, clipped, did_you_mean, kind_of, listed
from grantline.calls.structures.paths import LONGEST, MISSING, at_path, parse_path
from grantline.errors import InvalidInput

# Objects are the same whatever the order of their names.
_WRITER: Final = JSONEncoder(sort_keys=True, default=lambda number: {"": str(number)})


def list_of(value: Any, what: str) -> list[Any]:
    """``value`` as the list that a filter works on."""
    if not isinstance(value, list):
        raise Refused(
            f"{what} needs a list, and this is {kind_of(value)}.",
            "[value] makes a list of one." if isinstance(value, dict) else "",
        )
    return value


def picker(path: Any) -> Callable[[Any], Any]:
    """What takes from an item what is at ``path``, null where there is nothing."""
    steps = _steps(path)

    def pick(item: Any) -> Any:
        found = at_path(item, steps)
        return None if found is MISSING else found

    return pick


def picked(value: Any, path: Any, what: str) -> Sequence[Any]:
    """The items of a list, or what is at ``path`` in each.

    Raises:
        Refused: It is no list, or no item has anything there: the path is a mistake then.
    """
    items = list_of(value, what)
    if path is None:
        return items
    steps = _steps(path)
    found = [at_path(item, steps) for item in items]
    if items and all(each is MISSING for each in found):
        first = items[0]
        names = list(map(str, first)) if isinstance(first, dict) else []
        hint = f"The first has {listed(names)}. {did_you_mean(str(path), names)}" if names else ""
        raise Refused(f"No item of the list has {clipped(str(path))}.", hint.rstrip())
    return [None if each is MISSING else each for each in found]


def sameness(value: Any) -> Any:
    """Something to compare and hash ``value`` by: 1 and 1.0 are one, 1 and true are two."""
    if is_number(value):
        return ("number", exactly(value))
    if isinstance(value, str | bool) or value is None:
        return (type(value).__name__, value)
    return ("json", _WRITER.encode(value))


def order(values: Sequence[Any]) -> list[Any]:
    """Keys to sort ``values`` by, null last.

    Raises:
        Refused: They are not all numbers, all texts or all truth values.
    """
    kinds = {_kind(value) for value in values if value is not None}
    if len(kinds) > 1 or None in kinds:
        raise Refused(
            "A list is sorted by numbers or by texts, and here they are mixed.",
            'Make them one kind first, or sort by one thing in each item: sort("name").',
        )
    if kinds == {"number"} and any(isinstance(value, Decimal) for value in values):
        return [(value is None, 0 if value is None else exactly(value)) for value in values]
    lowest: Any = "" if kinds == {"text"} else 0
    return [(value is None, lowest if value is None else value) for value in values]


def _kind(value: Any) -> str | None:
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "text"
    return "boolean" if isinstance(value, bool) else None


def _steps(path: Any) -> tuple[str | int, ...]:
    if not isinstance(path, str):
        raise Refused(f'A path is a text such as "owner.id", and this is {kind_of(path)}.')
    try:
        return parse_path(path[: LONGEST + 1], field="path")
    except InvalidInput as error:
        raise Refused("This is no path into an item.", error.hint) from None

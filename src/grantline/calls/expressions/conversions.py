"""Filters that turn one kind of value into another, and tests of what kind one is."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from grantline.calls.expressions.operators import contains, neat
from grantline.calls.expressions.values import Number, as_text, is_number, truth
from grantline.calls.expressions.wording import Refused, kind_of
from grantline.calls.structures.json_values import load_json

_NUMBER: Final = re.compile(
    r"[+-]?(\d{1,100}(\.\d{0,100})?|\.\d{1,100})([eE][+-]?\d{1,3})?", re.ASCII
)


def default(value: Any, fallback: Any = "", empty: Any = False) -> Any:  # noqa: FBT002
    """``fallback`` where the path leads nowhere; with ``empty`` also for null and what is empty."""
    return fallback if truth(empty) and not truth(value) else value


def text(value: Any) -> str:
    """As it is written inside a text."""
    return as_text(value)


def number(value: Any) -> Number:
    """The number that a text holds: ``"12.50"`` is 12.5."""
    if is_number(value):
        return value  # type: ignore[no-any-return]
    if isinstance(value, bool):
        return int(value)
    plain = value.strip() if isinstance(value, str) else ""
    if not _NUMBER.fullmatch(plain):
        raise Refused(
            f"This is {kind_of(value)} and no number.",
            "Numbers are written as 1234.5, without other signs.",
        )
    try:
        return int(plain) if plain.lstrip("+-").isdigit() else neat(Decimal(plain))
    except InvalidOperation:
        raise Refused("This number is too large.") from None


def boolean(value: Any) -> bool:
    """True for true, yes, on and 1; false for false, no, off, 0, null and the empty text."""
    word = str(value).strip().lower() if isinstance(value, str | int | float) else value
    if word in {"true", "yes", "on", "1", "y", "t"}:
        return True
    if word is None or word in ("false", "no", "off", "0", "n", "f", ""):
        return False
    raise Refused(f"This is {kind_of(value)}, and neither yes nor no.")


def to_json(value: Any) -> str:
    """JSON text; of a text too, with its quotes."""
    return as_text([value])[1:-1]


def from_json(value: Any) -> Any:
    """The value of a JSON text."""
    if not isinstance(value, str):
        raise Refused(f"JSON is read from a text, and this is {kind_of(value)}.")
    try:
        return load_json(value)
    except ValueError:
        raise Refused("This text is no JSON.") from None


CONVERSIONS: Final[dict[str, Callable[..., Any]]] = {
    "default": default,
    "text": text,
    "string": text,
    "number": number,
    "boolean": boolean,
    "to_json": to_json,
    "from_json": from_json,
}

KINDS: Final[dict[str, Callable[..., Any]]] = {
    "defined": lambda _: True,  # of a path that leads nowhere it is not asked
    "null": lambda value: value is None,
    "none": lambda value: value is None,
    "text": lambda value: isinstance(value, str),
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "empty": lambda value: value is None or (isinstance(value, str | list | dict) and not value),
    "in": lambda value, container: contains(container, value),
}

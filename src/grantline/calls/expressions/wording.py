"""How errors of expressions speak: where, what was found there, and what it may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from grantline.errors import ExpressionFailed

FIELD: Final = "expression"
_MOST_NAMES: Final = 12
_LONGEST_NAME: Final = 40


class Refused(Exception):
    """What an operator or filter says no with; whoever called it knows where it was written."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def failed(text: str, offset: int, message: str, hint: str = "") -> ExpressionFailed:
    """The error at ``offset`` of ``text``; line and column count from 1, in characters."""
    before = text[:offset]
    line = before.count("\n") + 1
    column = offset - (before.rfind("\n") + 1) + 1
    return ExpressionFailed(message, field=FIELD, line=line, column=column, hint=hint)


def kind_of(value: Any) -> str:
    """What sort of value it is, with its article; never the value itself, which may be secret."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "a text" if value else "an empty text"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "an object" if value else "an empty object"
        case _:
            return "no JSON value"


def listed(names: Iterable[str]) -> str:
    """``names`` with commas between, the first few of them, as they are written in expressions."""
    shown = [clipped(name) for name in names]
    rest = len(shown) - _MOST_NAMES
    return ", ".join(shown[:_MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")


def clipped(name: str) -> str:
    """``name`` on one line, shortened where it is long."""
    plain = "".join(char if char.isprintable() else "?" for char in name)
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[:_LONGEST_NAME]}..."


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence that asks whether a similar name was meant; empty without one."""
    # Long lists are no help, and comparing with each entry of one takes time.
    candidates = [each for each in list(names)[:1000] if len(each) <= 100]
    lower = {each.lower(): each for each in reversed(candidates)}
    if name.lower() in lower:
        return f"Did you mean {clipped(lower[name.lower()])}?"
    near = get_close_matches(name[:100].lower(), lower, n=1, cutoff=0.6)
    return f"Did you mean {clipped(lower[near[0]])}?" if near else ""

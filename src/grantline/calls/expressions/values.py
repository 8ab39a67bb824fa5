"""Values in expressions: what is true, how they are written in a text, how large they are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from grantline.calls.expressions.wording import Refused, kind_of
from grantline.calls.structures.json_values import dump_json
from grantline.errors import LimitExceeded

# Of what one text becomes, and of any text made on the way there. A bundle holds no more anyway.
MOST_CHARACTERS: Final = 10_000_000
MOST_ITEMS: Final = 1_000_000

Number = int | float | Decimal


def is_number(value: Any) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def truth(value: Any) -> bool:
    """False for false, null, 0 and what is empty; true for all else, the text ``false`` too."""
    return bool(value)


def as_text(value: Any) -> str:
    """``value`` inside a text: a text as it is, anything else as JSON writes it.

    Raises:
        Refused: It is no JSON, or too large.
    """
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is None:
        return "null"
    if type(value) is int:
        return str(value) if value.bit_length() < 10_000 else _too_long()
    too_large(value)
    try:
        return dump_json(value)
    except (TypeError, ValueError, LimitExceeded):
        raise Refused(f"This is {kind_of(value)} that cannot be written as JSON.") from None


def joined(texts: Iterable[str], between: str = "") -> str:
    """``texts`` in a row; raises ``Refused`` as soon as they are too many, and asks for no more."""
    parts: list[str] = []
    size = 0
    for text in texts:
        parts.append(text)
        size += len(text) + len(between)
        room(size - len(between))
    return between.join(parts)


def room(length: int) -> None:
    """Raises ``Refused`` when a text of that length is longer than any may be."""
    if length > MOST_CHARACTERS:
        _too_long()


def too_large(value: Any) -> None:
    """Raises ``Refused`` when the JSON of ``value`` would be longer than any text may be."""
    room(size_of(value, MOST_CHARACTERS))


def size_of(value: Any, limit: int) -> int:
    """About how many characters of JSON it is; the counting ends once it is over ``limit``."""
    size = 0
    waiting = [value]
    while waiting and size <= limit:
        each = waiting.pop()
        kind = type(each)
        if kind is str:
            size += len(each) + 2
        elif kind is list or kind is tuple:
            size += 2 + 2 * len(each)
            # What is over the limit by number alone is not worth a copy.
            if size <= limit:
                waiting += each
        elif kind is dict:
            size += 2 + 6 * len(each) + sum(map(len, map(str, each)))
            if size <= limit:
                waiting += each.values()
        else:
            size += 8
    return size


def finite(value: Number) -> Number:
    """``value``; raises ``Refused`` when it is infinite or no number, which JSON cannot say."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("The result is too large for a number.")
    return value


def _too_long() -> str:
    raise Refused(
        f"This makes a text of more than {MOST_CHARACTERS // 1_000_000} million characters.",
        "Take a part of it, or keep large content in a file.",
    )

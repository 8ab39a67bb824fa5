"""The paths that a bundle offers, for a page on which people choose instead of typing."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from grantline.calls.expressions.lookup import written
from grantline.calls.structures.json_values import dump_json

DEEPEST: Final = 10
MOST_PATHS: Final = 500
_LONGEST_SAMPLE: Final = 60
# So long without a blank, a text may be a key or a token; what is no address is not shown whole.
_LONGEST_WORD: Final = 24
_SHOWN_OF_WORD: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One path into a bundle.

    Attributes:
        expression: As it is written between braces: ``1.data.items[0].id``.
        name: Its last part: a name, or a place such as ``[0]``.
        depth: How many parts lead there, from 1.
        kind: ``text``, ``number``, ``boolean``, ``null``, ``list`` or ``object``.
        sample: Its value on one line, shortened; of a list or object how much is in it.
        length: Of a list or object, how many items or names it has.
    """

    expression: str
    name: str
    depth: int
    kind: str
    sample: str
    length: int | None = None


def paths_of(
    bundle: Mapping[str, Any], root: str = "", *, most: int = MOST_PATHS, deepest: int = DEEPEST
) -> tuple[Offer, ...]:
    """What ``bundle`` offers, in its order, everything under what it is in.

    Of a list only its first item is looked into. Where there are too many paths, the deepest ones
    are left out.

    Args:
        bundle: One JSON object, such as a module's last output.
        root: How expressions call it: ``1``, ``trigger``; empty gives paths below it.
        most: How many paths to give.
        deepest: How many parts a path may have.
    """
    found: list[tuple[tuple[int, ...], Offer]] = []
    # Level by level, so that one large branch does not push out all others.
    waiting: deque[tuple[tuple[int, ...], tuple[str | int, ...], Any]] = deque([((), (), bundle)])
    while waiting and len(found) < most:
        place, keys, value = waiting.popleft()
        if keys:
            found.append((place, _offer(root, keys, value)))
        if len(keys) < deepest and len(found) + len(waiting) < most:
            for number, (key, each) in enumerate(_inside(value)):
                waiting.append(((*place, number), (*keys, key), each))
                if number >= most:
                    break
    return tuple(offer for _, offer in sorted(found, key=lambda each: each[0]))


def _inside(value: Any) -> list[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        return [(key, each) for key, each in value.items() if isinstance(key, str)]
    if isinstance(value, list | tuple) and value:
        return [(0, value[0])]
    return []


def _offer(root: str, keys: tuple[str | int, ...], value: Any) -> Offer:
    kind, sample, length = _described(value)
    return Offer(
        expression=written(root, keys) if root else written("", keys).removeprefix("."),
        name=f"[{keys[-1]}]" if isinstance(keys[-1], int) else keys[-1],
        depth=len(keys),
        kind=kind,
        sample=sample,
        length=length,
    )


def _described(value: Any) -> tuple[str, str, int | None]:
    match value:
        case None:
            return "null", "null", None
        case bool():
            return "boolean", "true" if value else "false", None
        case int() | float() | Decimal():
            return "number", _clipped(dump_json(value)), None
        case str():
            return "text", _sample(value), None
        case list() | tuple():
            return "list", _count(len(value), "item"), len(value)
        case Mapping():
            return "object", _count(len(value), "name"), len(value)
        case _:
            return "text", "", None


def _sample(text: str) -> str:
    begin = " ".join(text[: 4 * _LONGEST_SAMPLE].split())
    shown = "".join(char if char.isprintable() else "?" for char in begin)
    words = shown.split(" ")
    is_address = shown.startswith(("https://", "http://", "/"))
    masked = [
        f"{word[:_SHOWN_OF_WORD]}..." if len(word) > _LONGEST_WORD and not is_address else word
        for word in words
    ]
    if is_address:
        # Keys are in queries often enough.
        masked = [word.partition("?")[0] + ("?..." if "?" in word else "") for word in words]
    return _clipped(" ".join(masked), longer=len(text) > len(begin) + 100)


def _clipped(text: str, *, longer: bool = False) -> str:
    if len(text) <= _LONGEST_SAMPLE and not longer:
        return text
    return f"{text[:_LONGEST_SAMPLE]}..."


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"

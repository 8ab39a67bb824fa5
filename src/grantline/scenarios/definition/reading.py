"""Plain data that a person wrote, read field by field.

What is wrong is noted and reading goes on, so a file with three mistakes is told all three at once,
each with its place.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from grantline.errors import InvalidInput
from grantline.scenarios.definition.problem import PlainPath, did_you_mean
from grantline.scenarios.definition.spans import parse_span

E = TypeVar("E", bound=StrEnum)

DEEPEST: Final = 60
_SURROGATES: Final = range(0xD800, 0xE000)
_KINDS: Final = {
    dict: "a table of names and values",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    type(None): "nothing",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, at a place."""

    path: PlainPath
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A value and where it is. What cannot be read is noted in ``faults``, and stands as empty."""

    value: Any
    path: PlainPath = ()
    faults: list[Fault] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name under which the value stands."""
        return next((each for each in reversed(self.path) if isinstance(each, str)), "scenario")

    def wrong(self, message: str, hint: str = "") -> None:
        """Notes that something is wrong here."""
        self.faults.append(Fault(self.path, message, hint))

    def below(self, step: str | int, value: Any) -> Place:
        """The place of ``value``, one step below this."""
        return Place(value, (*self.path, step), self.faults)

    def table(self, known: Collection[str] = ()) -> dict[str, Place]:
        """The values of a table under their names; with ``known`` all others are wrong."""
        if not isinstance(self.value, dict):
            self._wrong_kind(dict)
            return {}
        places = {}
        for name, each in self.value.items():
            below = self.below(str(name), each)
            places[below.sound(str(name))] = below
        if known:
            for name in [each for each in places if each not in known]:
                places.pop(name).wrong(
                    f"{name} is not known here.", did_you_mean(name, sorted(known))
                )
        return places

    def items(self) -> list[Place]:
        """The entries of a list."""
        if not isinstance(self.value, list | tuple):
            self._wrong_kind(list)
            return []
        return [self.below(index, each) for index, each in enumerate(self.value)]

    def text(self) -> str:
        """A text; a whole number, true and false count as what they are written like."""
        if isinstance(self.value, bool):
            return "true" if self.value else "false"
        if isinstance(self.value, int):
            return str(self.value)
        if isinstance(self.value, float | Decimal):
            self.wrong(
                f"{self.name} is a number, whose digits could change.",
                f'Write it in quotes: "{self.value}"',
            )
            return ""
        if not isinstance(self.value, str):
            self._wrong_kind(str)
            return ""
        return self.sound(self.value)

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self._wrong_kind(bool)
            return False
        return self.value

    def number(self) -> int:
        """A whole number."""
        if type(self.value) is not int:
            self._wrong_kind(int)
            return 0
        return self.value

    def span(self) -> timedelta:
        """A length of time: words, or seconds as a number."""
        written = self.value
        if isinstance(written, int | float | Decimal) and not isinstance(written, bool):
            written = f"{written}"
        try:
            if isinstance(written, str):
                return parse_span(written, field=self.name)
            self.wrong(f"{self.name} is {_kind_of(written)}.", "Write it like 30 s or 10 min.")
        except InvalidInput as error:
            self.wrong(f"{self.name}: {error.message}", error.hint)
        return timedelta(0)

    def choice(self, kind: type[E]) -> E | None:
        """One of the words of ``kind``; None for a word that is none of them."""
        written = self.value
        if isinstance(written, float | Decimal):
            written = str(written)  # a TLS version without quotes
        try:
            return kind(written)
        except ValueError:
            shown = written if isinstance(written, str) else _kind_of(written)
            words = list(kind)
            self.wrong(f"{shown} is no value of {self.name}.", did_you_mean(str(shown), words))
            return None

    def json(self) -> Any:
        """Any JSON value."""
        value = self.value
        if len(self.path) > DEEPEST:
            self.wrong(f"{self.name} is nested deeper than {DEEPEST} levels.", "Make it flatter.")
            return None
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, str):
            return self.sound(value)
        if isinstance(value, float | Decimal) and math.isfinite(value):
            return value
        if isinstance(value, list | tuple):
            return [self.below(index, each).json() for index, each in enumerate(value)]
        if isinstance(value, dict) and all(isinstance(name, str) for name in value):
            return {self.sound(n): self.below(n, each).json() for n, each in value.items()}
        self.wrong(f"{self.name} is no JSON value.", "Use texts, numbers, lists and tables.")
        return None

    def sound(self, text: str) -> str:
        """``text``, unless it holds what no database and no file can."""
        if "\0" in text:
            self.wrong(f"{self.name} holds a NUL character.", "Remove it; no service takes one.")
            return ""
        if any(ord(each) in _SURROGATES for each in text):
            self.wrong(f"{self.name} holds half a character.", "Write the character whole.")
            return ""
        return text

    def _wrong_kind(self, wanted: type) -> None:
        self.wrong(
            f"{self.name} is {_kind_of(self.value)}, and should be {_KINDS[wanted]}.",
            'An expression stands in quotes: "{{ ... }}"'
            if wanted is str and isinstance(self.value, dict)
            else "",
        )


def _kind_of(value: Any) -> str:
    return _KINDS.get(type(value), "a number")

"""YAML 1.2 as plain JSON types, with the place of every value.

Only what JSON can hold is read: no anchors, no tags, one document, no name twice. So no file is
larger in memory than it is on paper, and nothing in it makes an object.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from grantline.calls.structures.json_values import load_json
from grantline.errors import MalformedFile
from grantline.scenarios.definition.problem import PlainPath

LARGEST: Final = 1_000_000
DEEPEST: Final = 100
# A file of the largest size read value by value would take a core for a quarter of a minute.
MOST_VALUES: Final = 20_000
_LONGEST_NUMBER: Final = 1000
IN_QUOTES: Final = 'An expression stands in quotes: "{{ ... }}"'

FETCH_IT: Final = "Let modules fetch long data, in place of writing it into the scenario."

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE: Final = frozenset({"true", "True", "TRUE"})
_FALSE: Final = frozenset({"false", "False", "FALSE"})
# The core schema of YAML 1.2.2, section 10.3.2.
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    re.ASCII,
)
_HINTS: Final = (
    ("mapping values are not allowed", "Put a text that has a colon in it in quotes."),
    ("'\\t'", "Indent with spaces; tabs do not count as such."),
    ("found character", "Put a text that begins with a special character in quotes."),
    ("expected <block end>", "Look at the indentation of this line and of those before it."),
    ("expected ',' or", IN_QUOTES),
    ("while scanning a quoted scalar", "The closing quote is missing."),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class PlainFile:
    """What a file says, and where it says it.

    Attributes:
        marks: Of each entry of a table its name, of each entry of a list its beginning.
    """

    value: Any
    marks: dict[PlainPath, Mark] = field(repr=False)


def read_plain_file(text: str) -> PlainFile:
    """What ``text`` says.

    Raises:
        MalformedFile: It is no YAML, or holds what is not read; says where.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise MalformedFile(
            "The file is larger than 1 MB.",
            line=1,
            hint=FETCH_IT,
        )
    reader = _Reader(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"))
    try:
        return PlainFile(reader.document(), reader.marks)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _malformed(
            error.problem or "This is no YAML", mark, context=error.context or ""
        ) from None
    except ReaderError as error:
        before = text[: error.position]
        raise MalformedFile(
            "The file holds a character that YAML does not allow.",
            line=before.count("\n") + 1,
            column=len(before) - before.rfind("\n"),
            hint='Write it in double quotes as an escape, such as "\\x1b".',
        ) from None
    except (YAMLError, ValueError, OverflowError):
        raise MalformedFile(
            "The file is no YAML.", line=1, hint="Check it with a YAML editor."
        ) from None


def scalar_value(text: str) -> Any:
    """What a text without quotes means by the core schema of YAML 1.2."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INT.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text[2:] if base != 10 else text, base)
    if _FLOAT.fullmatch(text) and len(text) <= _LONGEST_NUMBER:
        return _float(text)
    return text


def _float(text: str) -> float | Decimal:
    if text[-1] in "fFnN":
        return float(text.replace(".", "", 1))
    sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.removeprefix("+"))
    mantissa, exponent, power = digits.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    number: float | Decimal = load_json(
        f"{sign}{whole.lstrip('0') or '0'}.{fraction or '0'}{exponent}{power}"
    )
    return number


class _Reader:
    """One reading of one text."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Event] = YAML(typ="safe", pure=True).parse(io.StringIO(text))
        self.marks: dict[PlainPath, Mark] = {}

    def document(self) -> Any:
        """The one document that the text is."""
        event = next(self._events)
        if isinstance(event, StreamStartEvent):
            event = next(self._events)
        if not isinstance(event, DocumentStartEvent):
            raise MalformedFile(
                "The file is empty.", line=1, hint="Begin with the line: grantline: 1"
            )
        value = self._node(next(self._events), ())
        while isinstance(event := next(self._events), DocumentEndEvent):
            pass
        if isinstance(event, DocumentStartEvent):
            _refuse(event, "A second document begins here.", "Keep one scenario in one file.")
        return value

    def _node(self, event: Event, path: PlainPath) -> Any:
        if len(self.marks) > MOST_VALUES:
            _refuse(event, f"There are more than {MOST_VALUES} values before this.", FETCH_IT)
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None:
            _refuse(event, "Anchors and aliases (& and *) are not read.", "Write the value out.")
        if getattr(event, "tag", None) is not None:
            _refuse(event, "Tags (!) are not read.", "Write the plain value, in quotes if need be.")
        if len(path) > DEEPEST:
            _refuse(event, f"This is nested deeper than {DEEPEST} levels.", "Make it flatter.")
        if isinstance(event, ScalarEvent):
            return scalar_value(event.value) if event.implicit[0] else event.value
        if isinstance(event, SequenceStartEvent):
            return self._items(path)
        return self._table(event, path)

    def _items(self, path: PlainPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            below = (*path, len(items))
            self.marks[below] = _mark(event)
            items.append(self._node(event, below))
        return items

    def _table(self, start: Event, path: PlainPath) -> dict[str, Any]:
        table: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                if isinstance(event, MappingStartEvent) and event.flow_style:
                    _refuse(start, "This begins with {{ and is read as a table.", IN_QUOTES)
                _refuse(event, "The name of an entry is no text.", "Write: name: value")
            name = self._name(event)
            below = (*path, name)
            if name in table:
                first = self.marks[below].line
                _refuse(event, f"{name} is here twice; first in line {first}.", "Keep one of them.")
            self.marks[below] = _mark(event)
            table[name] = self._node(next(self._events), below)
        return table

    def _name(self, event: ScalarEvent) -> str:
        if event.anchor is not None or event.tag is not None:
            self._node(event, ())  # which refuses it
        return str(event.value)


def _mark(event: Event) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)


def _refuse(event: Event, message: str, hint: str) -> NoReturn:
    mark = _mark(event)
    raise MalformedFile(message, line=mark.line, column=mark.column, hint=hint)


def _malformed(problem: str, mark: Any, *, context: str) -> MalformedFile:
    said = f"{context} {problem}"
    hint = next((hint for sign, hint in _HINTS if sign in said), "Check indentation and quotes.")
    return MalformedFile(
        f"This is no YAML: {problem}.",
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        hint=hint,
    )

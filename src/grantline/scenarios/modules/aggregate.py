"""*Aggregator*: what came of each item as one list, one text or one CSV.

CSV is written as RFC 4180 says: lines end with CR LF, and a field is quoted where it must be. A
field that a spreadsheet would run as a formula gets an apostrophe in front, the way spreadsheets
themselves mark a text: what is aggregated came from outside. Numbers, also signed ones, and phone
numbers stay as they are. Who wants every byte unchanged makes a text instead.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from grantline.calls.expressions import fill, fill_json, fill_text
from grantline.calls.structures.json_values import dump_json
from grantline.errors import InvalidInput, LimitExceeded
from grantline.scenarios.definition.modules import Aggregate, Collect
from grantline.scenarios.modules.outcome import Outcome

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_HARMLESS: Final = re.compile(r"[+-][\d\s.,()/%-]*")


def aggregate(
    does: Aggregate, collected: Iterable[Mapping[str, Any]], *, most_bytes: int
) -> Outcome:
    """What ``collected``, the names that each item left, comes to.

    Only what is made is in memory, not what it is made from.

    Raises:
        InvalidInput: A value cannot be filled in.
        LimitExceeded: It would be larger than ``most_bytes``.
    """
    value, count = _made(does, collected, most_bytes)
    return Outcome(output={"value": value, "count": count}, input={"items": count})


def _made(
    does: Aggregate, collected: Iterable[Mapping[str, Any]], most_bytes: int
) -> tuple[Any, int]:
    size = _Size(most_bytes)
    match does.collect:
        case Collect.ARRAY:
            values = [size.of_json(fill_json(does.value, names)) for names in collected]
            return values, len(values)
        case Collect.TEXT:
            texts = [size.of_text(_text(does, names)) for names in collected]
            return does.separator.join(texts), len(texts)
        case Collect.CSV:
            lines = [size.of_text(each) for each in _lines(does, collected)]
            return "".join(lines), len(lines) - (1 if does.header else 0)


def _text(does: Aggregate, names: Mapping[str, Any]) -> str:
    if isinstance(does.value, str):
        return fill_text(does.value, names)
    return dump_json(fill_json(does.value, names))


def _lines(does: Aggregate, collected: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    separator = does.separator or ","
    if len(separator) != 1 or separator in '"\r\n':
        raise InvalidInput(
            "The separator of a CSV is not one character.",
            field="separator",
            hint="Use a comma, a semicolon or a tab.",
        )
    if not does.columns:
        raise InvalidInput(
            "The CSV has no columns.", field="columns", hint="Name them, each with its value."
        )
    if does.header:
        yield _line([name for name, _ in does.columns], separator)
    for names in collected:
        yield _line([cell(fill(value, names)) for _, value in does.columns], separator)


def _line(cells: list[str], separator: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def cell(value: Any) -> str:
    """``value`` as one field: nothing for None, JSON for what is not a text or a number."""
    match value:
        case None:
            return ""
        case str():
            return _without_formula(value)
        case bool() | dict() | list() | tuple():
            return dump_json(value)
        case _:
            return str(value)


def _without_formula(text: str) -> str:
    if text.startswith(_FORMULA_STARTS) and not _HARMLESS.fullmatch(text):
        return f"'{text}"
    return text


class _Size:
    """Counts what is made, and ends it in time."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0

    def of_json(self, value: Any) -> Any:
        self._add(len(dump_json(value)))
        return value

    def of_text(self, text: str) -> str:
        self._add(len(text))
        return text

    def _add(self, more: int) -> None:
        self._bytes += more
        if self._bytes > self._most:
            raise LimitExceeded(
                f"What is aggregated is larger than {self._most // 1024**2} MB.",
                limit="bundle_bytes",
                hint="Aggregate fewer items, or only the values that are needed of each.",
            )

"""Two streams: data goes to stdout, everything said beside it to stderr.

Colour appears on a terminal only and never with ``NO_COLOR`` (no-color.org); a table fits the
terminal, and is as wide as its data where there is none, so that ``grep`` sees whole values.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO

import typer

from grantline.cli.words import printable, utc

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

UNLIMITED: Final = 10_000
MAX_UNFOLDED: Final = 32


class Format(StrEnum):
    """How data is printed."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="text for people, json for programs.")
]


def say(text: str = "") -> None:
    """One line of data, on stdout."""
    print(printable(text))


def note(text: str) -> None:
    """One line that is not data, on stderr."""
    print(printable(text), file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """What a choice costs, in one line on stderr."""
    note(f"warning: {text}")


def say_json(value: object, *, last: tuple[str, Any] | None = None) -> None:
    """``value`` as JSON; instants are ISO 8601 in UTC.

    Args:
        value: What to print.
        last: A further entry of ``value``, whose numbers keep all their digits.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    if last is not None:
        name, content = last
        text = f'{text.removesuffix("}").rstrip()},\n  "{name}": {json_text(content, indent=2)}\n}}'
    print(text)


def json_text(value: Any, *, indent: int = 0) -> str:
    """JSON for people, of which all but the first line is indented; no digit is lost."""
    from grantline.calls.structures.json_values import dump_json

    try:
        text = json.dumps(value, ensure_ascii=False, indent=2)
    except TypeError:
        return dump_json(value)  # on one line
    return text.replace("\n", "\n" + " " * indent)


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table; long values wrap inside their column."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    cells = [tuple(row) for row in rows]
    # What stands first is what people copy, so it is the last to be folded.
    first = min(MAX_UNFOLDED, max((len(row[0]) for row in cells), default=0))
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", min_width=None if number else first)
    for row in cells:
        table.add_row(*(Text(printable(cell), style=STYLES.get(cell, "")) for cell in row))
    _print(table)


def say_fields(pairs: Iterable[tuple[str, str]]) -> None:
    """Labels and values below each other; a value of several lines stays in its column."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in pairs:
        text = Text("\n".join(printable(line) for line in value.split("\n")))
        word = value.partition(":")[0].partition("\n")[0]
        if word in STYLES:
            text.stylize(STYLES[word], 0, len(word))
        table.add_row(Text(label, style=STYLES.get(label.strip(), "dim")), text)
    _print(table)


def _print(table: Table) -> None:
    """Prints ``table`` without the blanks that fill its last column."""
    screen = console(sys.stdout)
    with screen.capture() as drawn:
        screen.print(table)
    print("\n".join(line.rstrip() for line in drawn.get().rstrip("\n").split("\n")))


# Never the only sign: the word itself says it too.
STYLES: Final = {
    "authorized": "green",
    "works": "green",
    "expiring": "yellow",
    "failing": "yellow",
    "not known": "yellow",
    "reauthorization required": "red",
    "does not work": "red",
    "error": "bold red",
    "warning": "yellow",
}


def console(stream: TextIO) -> Console:
    """A console on ``stream`` as it is now."""
    from rich.console import Console

    return Console(
        file=stream,
        color_system="auto" if in_colour(stream) else None,
        width=None if stream.isatty() else UNLIMITED,
        highlight=False,
        emoji=False,
        markup=False,
        soft_wrap=not stream.isatty(),
    )


def in_colour(stream: TextIO) -> bool:
    """Whether escape sequences are welcome on ``stream``."""
    return (
        stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")

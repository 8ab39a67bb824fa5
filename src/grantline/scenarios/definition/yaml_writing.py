"""Plain JSON types as YAML 1.2 that is pleasant to read, and the same each time.

A writer of our own: what it writes is a small part of YAML, which every reader understands in the
same way. Texts that older readers take for something else, such as ``no`` or a date, are quoted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from grantline.errors import InvalidInput
from grantline.scenarios.definition.yaml_reading import scalar_value

WIDTH: Final = 98
# A table of a few short values stands on one line.
_FLOW_WIDTH: Final = 80
_FLOW_ENTRIES: Final = 4
# Longer names cannot stand before a colon just so (YAML 1.2.2, section 7.4.3, says 1024).
_LONGEST_NAME: Final = 500
_LONGEST_NUMBER: Final = 1000
_STEP: Final = 2

_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
# Numbers, dates, times and cron expressions: whatever could count as a number somewhere.
_NUMBER_LIKE = re.compile(r"[-+.0-9][-+.0-9_:,/* A-Fa-foOxXTtZz]*", re.ASCII)
_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>'\"%@`=<~^")
_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\x1b": "\\e",
}


def write_plain(value: Mapping[str, Any], *, block: Collection[str] = ()) -> str:
    """``value`` as a document.

    Args:
        value: A table of JSON types, as a scenario is in plain form.
        block: Names whose tables and lists never stand on one line.

    Raises:
        InvalidInput: It holds what no file can hold.
    """
    return "\n".join(_Writer(block).table(value, 0)) + "\n"


class _Writer:
    def __init__(self, block: Collection[str]) -> None:
        self._block = block

    def table(self, table: Mapping[str, Any], indent: int) -> Iterator[str]:
        """The lines of a table that is not empty."""
        for name, value in table.items():
            yield from self._entry(f"{_key(name)}:", value, indent, name=name)

    def _entry(self, head: str, value: Any, indent: int, *, name: str) -> Iterator[str]:
        pad = " " * indent
        short = None if name in self._block and _is_filled(value) else _short(value)
        if short is not None and len(pad) + len(head) + 1 + len(short) <= _FLOW_WIDTH:
            yield f"{pad}{head} {short}"
        elif _must_flow(value):
            yield f"{pad}{head} {_flow(value)}"
        elif isinstance(value, Mapping):
            yield f"{pad}{head}"
            yield from self.table(value, indent + _STEP)
        elif isinstance(value, list | tuple):
            yield f"{pad}{head}"
            for each in value:
                yield from self._item(each, indent + _STEP, is_block=name in self._block)
        else:
            first, *rest = _text(value, room=WIDTH - indent - len(head) - 1, width=WIDTH - indent)
            yield f"{pad}{head} {first}"
            yield from (f"{pad}{' ' * _STEP}{each}" if each else "" for each in rest)

    def _item(self, value: Any, indent: int, *, is_block: bool) -> Iterator[str]:
        pad = " " * indent
        if isinstance(value, Mapping) and value and not _must_flow(value):
            short = None if is_block else _short(value)
            if short is None or indent + len(short) > _FLOW_WIDTH:
                # The first entry stands behind the dash.
                first, *rest = self.table(value, indent + _STEP)
                yield f"{pad}- {first[indent + _STEP :]}"
                yield from rest
                return
        if isinstance(value, str) and "\n" in value:
            first, *rest = _text(value, room=WIDTH - indent - 2, width=WIDTH - indent)
            yield f"{pad}- {first}"
            yield from (f"{pad}{' ' * _STEP}{each}" if each else "" for each in rest)
            return
        # A list in a list is rare, and stands on one line.
        yield f"{pad}- {_flow(value)}"


def _is_filled(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _must_flow(value: Any) -> bool:
    """Whether a table or list can only stand on one line: it is empty, or has a very long name."""
    if isinstance(value, Mapping):
        return not value or any(len(name) > _LONGEST_NAME for name in value)
    return isinstance(value, list | tuple) and not value


def _short(value: Any) -> str | None:
    """A table or list of a few plain values in one line; None for all others."""
    if isinstance(value, Mapping):
        values: list[Any] = list(value.values())
    elif isinstance(value, list | tuple):
        values = list(value)
    else:
        return None
    is_plain = all(
        not _is_filled(each) and not (isinstance(each, str) and "\n" in each) for each in values
    )
    return _flow(value) if len(values) <= _FLOW_ENTRIES and is_plain else None


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        entries = (
            f"{'? ' if len(name) > _LONGEST_NAME else ''}{_key(name)}: {_flow(each)}"
            for name, each in value.items()
        )
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow(each) for each in value)}]"
    return _scalar(value, in_flow=True)


def _key(name: str) -> str:
    return _scalar(name, in_flow=True)


def _text(value: Any, *, room: int, width: int) -> list[str]:
    """A value as lines, of which the first stands behind the name."""
    if not isinstance(value, str):
        return [_scalar(value, in_flow=False)]
    if "\n" in value and _fits_a_block(value):
        lines = value.removesuffix("\n").split("\n")
        return ["|" if value.endswith("\n") else "|-", *lines]
    written = _scalar(value, in_flow=False)
    if len(written) > room and written[0] not in "'\"":
        folded = list(_folded(value, width - _STEP))
        if len(folded) > 1:
            return [">-", *folded]
    return [written]


def _fits_a_block(text: str) -> bool:
    """Whether every reader takes a literal block for the very same text."""
    lines = text.removesuffix("\n").split("\n")
    return (
        bool(lines[0])
        and not lines[0].startswith(" ")
        and bool(lines[-1])
        and all(line.isprintable() and line == line.rstrip(" ") for line in lines)
    )


def _folded(text: str, width: int) -> Iterator[str]:
    """Lines of prose, broken at single blanks only: only those come back as they were."""
    line = ""
    for word in re.split(r"(?<! ) (?! )", text):
        if line and len(line) + 1 + len(word) > width:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _scalar(value: Any, *, in_flow: bool) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value.bit_length() > _LONGEST_NUMBER * 3:
            raise InvalidInput(
                f"A number has more than {_LONGEST_NUMBER} digits.",
                field="scenario",
                hint="Write it as a text.",
            )
        return str(value)
    if isinstance(value, float | Decimal):
        return _number(value)
    if not isinstance(value, str):
        raise InvalidInput("A value is none that JSON has.", field="scenario")
    if _stays_plain(value, in_flow=in_flow):
        return value
    return _quoted(value)


def _number(value: float | Decimal) -> str:
    written = repr(value) if isinstance(value, float) else str(value)
    if isinstance(scalar_value(written), str) or written.lstrip("-")[:1].isalpha():
        raise InvalidInput("A number is none that JSON has.", field="scenario")
    # Without a point or a power it would come back as a whole number.
    return written if set(written) & set(".eE") else f"{written}.0"


def _stays_plain(text: str, *, in_flow: bool) -> bool:
    if not text or text != text.strip() or not text.isprintable():
        return False
    if text[0] in _INDICATORS or text.lower() in _WORDS or _NUMBER_LIKE.fullmatch(text):
        return False
    if not isinstance(scalar_value(text), str):
        return False
    if ": " in text or " #" in text or text.endswith(":") or "{{" in text:
        return False
    return not (in_flow and set(text) & set(",[]{}"))


def _quoted(text: str) -> str:
    if ('"' in text or "\\" in text) and "'" not in text and text.isprintable():
        return f"'{text}'"
    return f'"{"".join(_escaped(each) for each in text)}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code == 0 or 0xD800 <= code < 0xE000:
        raise InvalidInput(
            "A text holds a character that no file can hold.",
            field="scenario",
            hint="Remove NUL characters and halves of characters.",
        )
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"

"""JSON with expressions in it, as people type it and as scenarios keep it.

Typed, an expression may stand alone where a value goes, ``{"count": {{ 1.total }}}``, and within
the quotes of a text it may have quotes of its own. Kept, both are texts; one that is an expression
and nothing else gives the expression's own type, so it is shown without quotes.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from contextlib import suppress
from typing import Any, Final

from grantline.calls.structures.json_values import dump_json, load_json
from grantline.errors import InvalidInput

_ALONE: Final = re.compile(r"\{\{.*\}\}", re.DOTALL)
_OPEN, _CLOSE = "{{", "}}"


def json_text(value: Any) -> str:
    """``value`` as it is shown: indented, its lone expressions without quotes."""
    return _shown(value, "")


def read_json(text: str, label: str) -> Any:
    """What ``text`` means; nothing but blanks is None.

    Raises:
        InvalidInput: It is no JSON; says where.
    """
    if not text.strip():
        return None
    with suppress(ValueError):
        return load_json(_as_json(text)[0])
    # Once more, with quotes of expressions that would end the text they are in.
    plain, offsets = _as_json(text, frees_quotes=True)
    try:
        return load_json(plain)
    except json.JSONDecodeError as error:
        at = _typed_offset(offsets, error.pos)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise InvalidInput(
            f"This stops being JSON in line {line}, column {column}.",
            field=label,
            hint="Quote names and texts with double quotes; an expression needs none.",
        ) from None
    except ValueError as error:
        raise InvalidInput(f"This is not JSON: {error}.", field=label) from None


def is_alone(text: str) -> bool:
    """Whether ``text`` is one expression and nothing else."""
    return bool(_ALONE.fullmatch(text)) and _end_of(text, 0) == len(text)


def _shown(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        lines = (f"{inner}{dump_json(key)}: {_shown(each, inner)}" for key, each in value.items())
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)) and value:
        lines = (inner + _shown(each, inner) for each in value)
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    if isinstance(value, str) and is_alone(value):
        return value
    return dump_json(value)


def _as_json(text: str, *, frees_quotes: bool = False) -> tuple[str, list[tuple[int, int]]]:
    """``text`` with its expressions quoted, and pairs of offsets: there, and as typed."""
    parts: list[str] = []
    offsets = [(0, 0)]
    at, length, in_text = 0, 0, False

    def add(part: str, until: int) -> None:
        nonlocal at, length
        parts.append(part)
        length, at = length + len(part), until
        offsets.append((length, at))

    while at < len(text):
        is_open = text.startswith(_OPEN, at) and (frees_quotes or not in_text)
        if is_open and (end := _end_of(text, at, in_text=in_text)):
            inside = text[at:end]
            add(_with_quotes_escaped(inside) if in_text else json.dumps(inside), end)
        elif in_text and text[at] == "\\":
            add(text[at : at + 2], at + 2)
        else:
            in_text ^= text[at] == '"'
            add(text[at], at + 1)
    return "".join(parts), offsets


def _end_of(text: str, start: int, *, in_text: bool = False) -> int:
    """Where the expression that begins at ``start`` is over; 0 when it never is."""
    at, quote, depth = start + len(_OPEN), "", 0
    while at < len(text):
        char = text[at]
        # Within a JSON text every quote may be escaped once more than the expression means it.
        if in_text and text.startswith('\\"', at):
            char, width = '"', 2
        else:
            width = 1
        if quote:
            if char == "\\" and width == 1:
                width = 2
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif not depth and text.startswith(_CLOSE, at):
            return at + len(_CLOSE)
        elif char in "{[(":
            depth += 1
        elif char in ")]}":
            depth = max(0, depth - 1)
        at += width
    return 0


def _with_quotes_escaped(expression: str) -> str:
    return re.sub(r'\\.|"', lambda m: '\\"' if m[0] == '"' else m[0], expression)


def _typed_offset(offsets: list[tuple[int, int]], position: int) -> int:
    there, typed = offsets[bisect_right(offsets, (position, 10**9)) - 1]
    return typed + (position - there if position >= there else 0)

"""A text that is JSON with expressions in it: values are written so that it stays JSON."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from grantline.calls.expressions.machine import run
from grantline.calls.expressions.program import Names
from grantline.calls.expressions.template import template_of
from grantline.calls.expressions.values import as_text, room
from grantline.calls.expressions.wording import Refused, failed

_QUOTES: Final = re.compile(r'\\.|"', re.DOTALL)


def fill_json_text(text: str, names: Names) -> str:
    """``text``, which is JSON, with its expressions worked out.

    Between quotes a value is a part of that text, with quotes and line ends of its own escaped;
    elsewhere it is a JSON value, a text with quotes around it.

    Raises:
        ExpressionFailed: As `fill_text`.
    """
    if "{" not in text:
        return text
    done: list[str] = []
    size = 0
    is_quoted = False
    for piece in template_of(text).pieces:
        if isinstance(piece, str):
            done.append(piece)
            marks = [found[0] for found in _QUOTES.finditer(piece)]
            is_quoted ^= marks.count('"') % 2 == 1
            continue
        value = run(piece, names)
        try:
            part = _inside(value) if is_quoted else as_text([value])[1:-1]
            size += len(part)
            room(size)
        except Refused as refused:
            raise failed(piece.text, piece.offset, refused.message, refused.hint) from None
        done.append(part)
    return "".join(done)


def _inside(value: Any) -> str:
    return json.dumps(as_text(value), ensure_ascii=False)[1:-1]

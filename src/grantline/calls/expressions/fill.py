"""Texts with expressions, filled in for the place where they land."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from grantline.calls.expressions.lookup import written
from grantline.calls.expressions.machine import run
from grantline.calls.expressions.nodes import Reference
from grantline.calls.expressions.program import Names, Program
from grantline.calls.expressions.template import Template, template_of
from grantline.calls.expressions.values import MOST_CHARACTERS, as_text, room, size_of, truth
from grantline.calls.expressions.wording import Refused, failed
from grantline.errors import ExpressionFailed

_FORBIDDEN_IN_HEADER: Final = re.compile(r"[\r\n\0]")
_DEEPEST_JSON: Final = 200


def fill(text: str, names: Names) -> Any:
    """``text`` with its expressions worked out.

    A text that is one expression, blanks around it not counted, gives what that gives, a list or
    a number too; any other gives a text.

    Args:
        text: As a person wrote it.
        names: Bundles by the number of their module, and ``trigger``, ``input``, ``vars``, ``run``.

    Raises:
        ExpressionFailed: An expression cannot be read, or asks for something that is not there.
    """
    if "{" not in text:
        return text
    template = template_of(text)
    only = template.only
    return run(only, names) if only is not None else _text(template, names)


def fill_text(text: str, names: Names) -> str:
    """``text`` with its expressions worked out, always a text.

    Numbers, lists and the like become what JSON writes for them.

    Raises:
        ExpressionFailed: As `fill`, and for a text that becomes too long.
    """
    return _text(template_of(text), names) if "{" in text else text


def fill_header(text: str, names: Names) -> str:
    """As `fill_text`, for the value of a header.

    Raises:
        ExpressionFailed: As `fill_text`, and where a value would end the header.
    """
    if "{" not in text:
        return text
    return _text(template_of(text), names, of_header=True)


def fill_json(value: Any, names: Names) -> Any:
    """A copy of the JSON ``value`` with each text in it filled in as `fill` does.

    Names of objects stay as they are. What is filled in stays within the text it was written in.

    Raises:
        ExpressionFailed: As `fill`; ``field`` is the place in ``value``, as in ``items[0].id``.
    """
    return _Json(names).filled(value, "", 0)


def is_true(text: str, names: Names) -> bool:
    """Whether the condition ``text``, which is one expression, holds; an empty one does.

    Raises:
        ExpressionFailed: As `fill`, and for a text that is more or less than one expression.
    """
    program = _condition(text)
    return program is None or truth(run(program, names))


def references(text: str) -> tuple[Reference, ...]:
    """What the expressions of ``text`` speak of, in order.

    Raises:
        ExpressionFailed: An expression cannot be read.
    """
    return template_of(text).references


def check_expression(text: str) -> None:
    """Raises ``ExpressionFailed`` when an expression of ``text`` cannot be read."""
    template_of(text)


def check_condition(text: str) -> None:
    """Raises ``ExpressionFailed`` when ``text`` is no condition as `is_true` wants one."""
    _condition(text)


def _condition(text: str) -> Program | None:
    if not text.strip():
        return None
    only = template_of(text).only
    if only is None:
        raise failed(
            text,
            0,
            "A condition is one expression and nothing else.",
            "Write it whole between braces: {{ 1.status == 200 }}.",
        )
    return only


def _text(template: Template, names: Names, *, of_header: bool = False) -> str:
    done: list[str] = []
    size = 0
    for piece in template.pieces:
        if isinstance(piece, str):
            done.append(piece)
        else:
            value = run(piece, names)
            try:
                part = as_text(value)
                size += len(part)
                room(size)
            except Refused as refused:
                raise failed(piece.text, piece.offset, refused.message, refused.hint) from None
            if of_header and _FORBIDDEN_IN_HEADER.search(part):
                raise failed(
                    piece.text,
                    piece.offset,
                    "This gives a line end, which would end the header.",
                    "Take it away: | replace('\\n', ' ').",
                )
            done.append(part)
    return "".join(done)


class _Json:
    """One filling of a structure; what it may become is bounded for all of its texts together."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._size = 0

    def filled(self, value: Any, place: str, depth: int) -> Any:
        """``value``, which is at ``place``, filled in."""
        if isinstance(value, str):
            return self._text(value, place)
        if depth > _DEEPEST_JSON:
            raise failed("", 0, "This is nested too deeply.").at(place)
        if isinstance(value, Mapping):
            return {
                name: self.filled(each, written(place, [name]).removeprefix("."), depth + 1)
                for name, each in value.items()
            }
        if isinstance(value, list | tuple):
            return [
                self.filled(each, f"{place}[{index}]", depth + 1)
                for index, each in enumerate(value)
            ]
        return value

    def _text(self, text: str, place: str) -> Any:
        if "{" not in text:
            return text
        try:
            value = fill(text, self._names)
            self._size += size_of(value, MOST_CHARACTERS)
            room(self._size)
        except ExpressionFailed as error:
            raise error.at(place) from None
        except Refused as refused:
            raise failed(text, 0, refused.message, refused.hint).at(place) from None
        return value

"""A text taken apart: what stays as it is, and the expressions between, each ready to run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from grantline.calls.expressions.nodes import Reference
from grantline.calls.expressions.parser import Parser
from grantline.calls.expressions.program import Program, program_of
from grantline.calls.expressions.wording import failed

LONGEST_TEXT: Final = 1_000_000
MOST_EXPRESSIONS: Final = 1000

_OPENING: Final = re.compile(r"\{\{|\{%")
# Texts of forms are short; a long one is read again each time rather than kept.
_LONGEST_KEPT: Final = 4000
_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class Template:
    """A text in pieces.

    Attributes:
        pieces: Texts that stay, and programs, in order.
        references: What the expressions speak of.
    """

    text: str
    pieces: tuple[str | Program, ...]
    references: tuple[Reference, ...]

    @property
    def only(self) -> Program | None:
        """The one expression that the text is, blanks around it not counted."""
        programs = [piece for piece in self.pieces if isinstance(piece, Program)]
        if len(programs) != 1:
            return None
        around = (piece for piece in self.pieces if isinstance(piece, str))
        return None if any(piece.strip() for piece in around) else programs[0]


def template_of(text: str) -> Template:
    """``text`` taken apart; raises ``ExpressionFailed`` where an expression cannot be read."""
    return _kept(text) if len(text) <= _LONGEST_KEPT else _read(text)


def _read(text: str) -> Template:
    if len(text) > LONGEST_TEXT:
        raise failed(text, LONGEST_TEXT, "The text is too long to hold expressions.")
    pieces: list[str | Program] = []
    references: list[Reference] = []
    at = count = 0
    while found := _OPENING.search(text, at):
        if found[0] == "{%":
            raise failed(
                text,
                found.start(),
                "{% begins a statement, and a mapping has expressions only.",
                'Write {{ a if b else c }} for a choice, {{ "{%" }} for the characters themselves.',
            )
        count += 1
        if count > MOST_EXPRESSIONS:
            raise failed(text, found.start(), "The text has too many expressions.")
        if found.start() > at:
            pieces.append(text[at : found.start()])
        program, used, at = _expression(text, found.end())
        pieces.append(program)
        references.extend(sorted(used, key=lambda each: each.offset))
    if at < len(text):
        pieces.append(text[at:])
    return Template(text, tuple(pieces), tuple(references))


_kept = lru_cache(maxsize=_KEPT)(_read)


def _expression(text: str, begin: int) -> tuple[Program, list[Reference], int]:
    parser = Parser(text, begin)
    scan = parser.scan
    scan.blanks()
    if scan.at >= len(text) or scan.ahead("}}"):
        scan.fail(
            "There is no expression between the braces.",
            'Write {{ "{{" }} for the braces themselves.',
            at=begin - 2,
        )
    node = parser.expression()
    if scan.at >= len(text):
        scan.fail(
            "The expression that begins here is not closed.",
            'Close it with }}, or write {{ "{{" }} for the braces themselves.',
            at=begin - 2,
        )
    if not scan.ahead("}}"):
        scan.fail_rest()
    return program_of(node, text), parser.references, scan.at + 2

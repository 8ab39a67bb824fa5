"""What the ways of splitting a command line into words have in common."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from grantline.errors import InvalidInput

_REDIRECTION = re.compile(r">{1,2}\s*(?:&\s*[0-9-]?)?")


@dataclass(frozen=True, slots=True)
class Word:
    """One word, without its quotes.

    Attributes:
        text: Bytes that an escape wrote and that are no UTF-8 stand as PEP 383 has them.
        position: Where it begins in the command, counted from 1.
        variables: Shell variables that it holds, as written.
    """

    text: str
    position: int
    variables: tuple[str, ...] = ()


class Splitter(ABC):
    """What the shells have in common: blanks part words, quotes keep them together."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.at = start
        self.done: list[Word] = []
        self.pieces: list[str] | None = None
        self.variables: list[str] = []
        self.start = start
        self.drop_next = False

    def words(self) -> tuple[Word, ...]:
        """The words of the whole text."""
        while self.at < len(self.text):
            if self.step(self.text[self.at]):
                break
        self.finish()
        return tuple(self.done)

    @abstractmethod
    def step(self, character: str) -> bool:
        """Reads on from ``character``; True at the end of the command."""

    def add(self, piece: str, length: int = 1) -> None:
        """Puts ``piece``, which was written in ``length`` characters, into the word."""
        if self.pieces is None:
            self.pieces, self.start = [], self.at
        self.pieces.append(piece)
        self.at += length

    def finish(self) -> None:
        """Ends the word, if there is one."""
        if self.pieces is not None and not self.drop_next:
            text = _merge_bytes("".join(self.pieces))
            self.done.append(Word(text, self.start + 1, tuple(self.variables)))
        if self.pieces is not None:
            self.drop_next = False
        self.pieces, self.variables = None, []

    def end(self) -> bool:
        """Whether the command ends here; text that follows it is refused."""
        self.finish()
        if not self.done:
            self.at += 1
            return False
        rest = self.text[self.at :].lstrip(" \t\r\n;&")
        if rest and not rest.startswith("#"):
            raise invalid(
                "The command ends here, and more text follows.",
                self.at,
                hint="Paste one command. Put quotes around a URL with &, "
                "and end a line that goes on with a backslash.",
            )
        return True

    def output(self, character: str) -> bool:
        """What leads the output elsewhere: ``| jq .`` ends the command, ``2> file`` is skipped."""
        if character == "|":
            self.finish()
            return True
        if self.pieces is not None and "".join(self.pieces).isdecimal():
            self.pieces = None
        self.finish()
        match = _REDIRECTION.match(self.text, self.at)
        skipped = match[0] if match else character
        self.at += len(skipped)
        self.drop_next = "&" not in skipped
        return False

    def quoted(self, close: str, read: Callable[[str], tuple[str, int]]) -> None:
        """Reads up to ``close``; ``read`` gives the piece at a place and how long it is written."""
        opening = self.at
        self.add("")
        while self.at < len(self.text):
            if self.text[self.at] == close:
                piece, length = read(close)
                if not length:
                    self.at += 1
                    return
            else:
                piece, length = read(self.text[self.at])
            self.add(piece, length)
        raise invalid("This quote is not closed.", opening)

    def note_variable(self, pattern: re.Pattern[str]) -> None:
        """Remembers a variable that begins here."""
        if match := pattern.match(self.text, self.at):
            self.variables.append(match[0])


def continuation(text: str, at: int) -> int:
    """How long the escaped line break at ``at`` is; 0 when there is none."""
    if text.startswith("\n", at + 1):
        return 2
    return 3 if text.startswith("\r\n", at + 1) else 0


def invalid(message: str, at: int, *, hint: str = "") -> InvalidInput:
    """The error that says what is wrong at this place of the command."""
    return InvalidInput(f"Character {at + 1}: {message}", field="curl", hint=hint)


def _merge_bytes(text: str) -> str:
    """``text`` with the single bytes that make up characters put together."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")

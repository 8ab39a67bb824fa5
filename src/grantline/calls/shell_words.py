"""A pasted command line as words, the way the shell that it was written for would split it.

Nothing is expanded and nothing runs: a variable stays as it is written, and its word says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grantline.errors import InvalidInput

_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[^}]*\}|\()|`", re.ASCII)
_POWERSHELL_VARIABLE = re.compile(r"\$(?:env:)?[A-Za-z_{(]\w*")
_PROMPT = re.compile(r"\s*(?:[$%>]\s+)?(?=\S)")
_REDIRECTION = re.compile(r">{1,2}\s*(?:&\s*[0-9-]?)?")

_LINE_BREAK = re.compile(r"[ \t]*\r?\n")
# Outside of quotes, a caret or a backtick at the end of a line gives its shell away.
_SIGN = re.compile(
    r"""\$'(?:[^'\\]|\\.)*'|'[^']*'|"(?:[^"\\]|\\.)*"|\\."""
    r"""|(?P<cmd>\^(?:[ \t]*\r?\n|"))|(?P<powershell>`[ \t]*\r?\n)|.""",
    re.DOTALL,
)
# "{""a"": 1}": doubled quotes are cmd's way to write them.
_DOUBLED = re.compile(r"[\[{,:]\s*\"\"[^\",\]}\s]")

# Bash manual, section 3.1.2.4 (ANSI-C Quoting).
_ANSI_C: Final = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_ANSI_C_CODE = re.compile(
    r"x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|c([@-_a-z])"
)
_CMD_BLANK = re.compile(r"[ \t\r\n]*")
_CMD_SLASHES = re.compile(r'(\\+)(?=")')
_BACKTICK: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


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


def split_words(text: str) -> tuple[Word, ...]:
    """The words of one command, written for a POSIX shell, Windows' cmd or PowerShell.

    A leading prompt is left out, and so is what happens to the output (``| jq``, ``> file``).

    Raises:
        InvalidInput: A quote is not closed, or it is more than one command.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _invalid("The command holds a character that is no Unicode.", 0) from None
    if "\0" in text:
        raise _invalid("The command holds a NUL character.", text.index("\0"))
    start = match.end() if (match := _PROMPT.match(text)) else 0
    sign = next((match.lastgroup for match in _SIGN.finditer(text) if match.lastgroup), None)
    if sign == "cmd" or (_DOUBLED.search(text) and "'" not in text):
        return _split_cmd(text, start)
    if sign == "powershell":
        return _PowerShell(text, start).words()
    return _Posix(text, start).words()


class _Splitter:
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

    def step(self, character: str) -> bool:
        """Reads on from ``character``; True at the end of the command."""
        raise NotImplementedError

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
            raise _invalid(
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
        raise _invalid("This quote is not closed.", opening)

    def note_variable(self, pattern: re.Pattern[str]) -> None:
        """Remembers a variable that begins here."""
        if match := pattern.match(self.text, self.at):
            self.variables.append(match[0])


class _Posix(_Splitter):
    """POSIX.1-2024, XCU section 2.2, and ``$'..'`` as bash has it."""

    def step(self, character: str) -> bool:
        text, at = self.text, self.at
        if character in " \t\r":
            self.finish()
            self.at += 1
        elif character in "\n;&":
            return self.end()
        elif character in "|>":
            return self.output(character)
        elif character == "<":
            raise _invalid(
                "Input from a here-document or a file is not read.",
                at,
                hint="Write the body itself behind -d.",
            )
        elif character == "#" and self.pieces is None:
            end = text.find("\n", at)
            self.at = len(text) if end < 0 else end
        elif character == "\\":
            self._escape()
        elif character == "'":
            self.quoted("'", self._literal)
        elif character == '"' or text.startswith('$"', at):
            self.at += character == "$"
            self.quoted('"', self._double)
        elif text.startswith("$'", at):
            self.at += 1
            self.quoted("'", self._ansi_c)
        else:
            self.note_variable(_VARIABLE)
            self.add(character)
        return False

    def _escape(self) -> None:
        if length := _continuation(self.text, self.at):
            self.at += length
        elif self.at + 1 < len(self.text):
            self.add(self.text[self.at + 1], 2)
        else:
            self.at += 1

    def _literal(self, character: str) -> tuple[str, int]:
        return ("", 0) if character == "'" else (character, 1)

    def _double(self, character: str) -> tuple[str, int]:
        if character == '"':
            return "", 0
        if character == "\\":
            if length := _continuation(self.text, self.at):
                return "", length
            following = self.text[self.at + 1 : self.at + 2]
            return (following, 2) if following and following in '$`"\\' else ("\\", 1)
        self.note_variable(_VARIABLE)
        return character, 1

    def _ansi_c(self, character: str) -> tuple[str, int]:
        if character == "'":
            return "", 0
        if character != "\\":
            return character, 1
        following = self.text[self.at + 1 : self.at + 2]
        if following in _ANSI_C:
            return _ANSI_C[following], 2
        match = _ANSI_C_CODE.match(self.text, self.at + 1)
        if match is None:
            return (following, 2) if following and following in "\\'\"?" else ("\\", 1)
        byte, octal, short, long, control = match.groups()
        if control:
            value = chr(ord(control.upper()) & 0x1F)
        elif byte or octal:
            number = int(byte, 16) if byte else int(octal, 8) & 0xFF
            value = chr(number) if number < 0x80 else chr(0xDC00 + number)
        else:
            number = int(short or long, 16)
            if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
                raise _invalid("This escape names no character.", self.at)
            value = chr(number)
        if value == "\0":
            raise _invalid("A word of a command cannot hold a NUL character.", self.at)
        return value, 1 + len(match[0])


class _PowerShell(_Splitter):
    """PowerShell's about_Quoting_Rules, for arguments of a native program."""

    def step(self, character: str) -> bool:
        if character in " \t\r":
            self.finish()
            self.at += 1
        elif character in "\n;&":
            return self.end()
        elif character in "|>":
            return self.output(character)
        elif character == "`":
            piece, length = self._backtick()
            if length > 2 or piece == "":
                self.finish()  # a continued line is a blank
                self.at += length
            else:
                self.add(piece, length)
        elif character == "'":
            self.quoted("'", self._single)
        elif character == '"':
            self.quoted('"', self._double)
        elif character == "\\" and self.text[self.at + 1 : self.at + 2] == '"':
            self.add('"', 2)
        else:
            self.note_variable(_POWERSHELL_VARIABLE)
            self.add(character)
        return False

    def _backtick(self) -> tuple[str, int]:
        if length := _continuation(self.text, self.at):
            return "", length
        following = self.text[self.at + 1 : self.at + 2]
        return _BACKTICK.get(following, following), 2

    def _single(self, character: str) -> tuple[str, int]:
        return self._doubling(character, "'")

    def _double(self, character: str) -> tuple[str, int]:
        if character == "`":
            return self._backtick()
        self.note_variable(_POWERSHELL_VARIABLE)
        return self._doubling(character, '"')

    def _doubling(self, character: str, quote: str) -> tuple[str, int]:
        # Windows PowerShell hands quotes to a program only behind a backslash.
        if self.text.startswith('\\"', self.at):
            escaped = '\\""' if quote == '"' and self.text.startswith('\\""', self.at) else '\\"'
            return '"', len(escaped)
        if character != quote:
            return character, 1
        return (quote, 2) if self.text.startswith(quote * 2, self.at) else ("", 0)


def _split_cmd(text: str, start: int) -> tuple[Word, ...]:
    """The words of a command for cmd.exe: carets first, then what a C program makes of the rest.

    https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
    """
    characters = _without_carets(text, start)
    plain = "".join(character for character, _ in characters)
    words: list[Word] = []
    at = 0
    while match := _CMD_BLANK.match(plain, at):
        at = match.end()
        if at == len(plain):
            break
        position = characters[at][1]
        word, at = _cmd_word(plain, at)
        if at < 0:
            raise _invalid("A quote of this word is not closed.", position)
        words.append(Word(word, position + 1))
    return tuple(words)


def _cmd_word(text: str, at: int) -> tuple[str, int]:
    """The word at ``at`` and where it ends; -1 when one of its quotes has no end."""
    pieces: list[str] = []
    quoted = False
    while at < len(text) and (quoted or text[at] not in " \t\r\n"):
        match = _CMD_SLASHES.match(text, at)
        if match:
            # Before a quote, two backslashes are one, and a single one makes the quote a character.
            slashes = len(match[1])
            pieces.append("\\" * (slashes // 2) + '"' * (slashes % 2))
            at += slashes + slashes % 2
        elif text[at] != '"':
            pieces.append(text[at])
            at += 1
        elif quoted and text.startswith('""', at):
            pieces.append('"')
            at += 2
        else:
            quoted = not quoted
            at += 1
    return "".join(pieces), -1 if quoted else at


def _without_carets(text: str, start: int) -> list[tuple[str, int]]:
    """The characters behind ``start`` and their places, carets taken out as cmd.exe does."""
    found: list[tuple[str, int]] = []
    quoted, at = False, start
    while at < len(text):
        character = text[at]
        if character == "^" and not quoted:
            at += 1
            if match := _LINE_BREAK.match(text, at):
                at = match.end()
                # What follows a continued line is taken as it is: a second line break is one.
                if text.startswith(("\n", "\r\n"), at):
                    found.append(("\n", at))
                    at += 2 if text[at] == "\r" else 1
                continue
            if at < len(text):
                found.append((text[at], at))
        else:
            quoted ^= character == '"'
            found.append((character, at))
        at += 1
    return found


def _continuation(text: str, at: int) -> int:
    """How long the escaped line break at ``at`` is; 0 when there is none."""
    if text.startswith("\n", at + 1):
        return 2
    return 3 if text.startswith("\r\n", at + 1) else 0


def _merge_bytes(text: str) -> str:
    """``text`` with the single bytes that make up characters put together."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _invalid(message: str, at: int, *, hint: str = "") -> InvalidInput:
    return InvalidInput(f"Character {at + 1}: {message}", field="curl", hint=hint)

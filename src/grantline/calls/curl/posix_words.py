"""Commands for a POSIX shell, as most documentation has them, as words."""

from __future__ import annotations

import re
from typing import Final

from grantline.calls.curl.shell_splitter import Splitter, continuation, invalid

_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[^}]*\}|\()|`", re.ASCII)

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


class Posix(Splitter):
    """POSIX.1-2024, XCU section 2.2, and ``$'..'`` as bash has it."""

    def step(self, character: str) -> bool:
        """One blank, operator, quoted piece or character."""
        text, at = self.text, self.at
        if character in " \t\r":
            self.finish()
            self.at += 1
        elif character in "\n;&":
            return self.end()
        elif character in "|>":
            return self.output(character)
        elif character == "<":
            raise invalid(
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
        if length := continuation(self.text, self.at):
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
            if length := continuation(self.text, self.at):
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
                raise invalid("This escape names no character.", self.at)
            value = chr(number)
        if value == "\0":
            raise invalid("A word of a command cannot hold a NUL character.", self.at)
        return value, 1 + len(match[0])

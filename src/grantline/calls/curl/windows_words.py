"""Commands for PowerShell and for Windows' cmd, as browsers copy them, as words."""

from __future__ import annotations

import re
from typing import Final

from grantline.calls.curl.shell_splitter import Splitter, Word, continuation, invalid

_POWERSHELL_VARIABLE = re.compile(r"\$(?:env:)?[A-Za-z_{(]\w*")
_BACKTICK: Final = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}

_LINE_BREAK = re.compile(r"[ \t]*\r?\n")
_CMD_BLANK = re.compile(r"[ \t\r\n]*")
_CMD_SLASHES = re.compile(r'(\\+)(?=")')


class PowerShell(Splitter):
    """PowerShell's about_Quoting_Rules, for arguments of a native program."""

    def step(self, character: str) -> bool:
        """One blank, operator, quoted piece or character."""
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
        if length := continuation(self.text, self.at):
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


def split_cmd(text: str, start: int) -> tuple[Word, ...]:
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
            raise invalid("A quote of this word is not closed.", position)
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

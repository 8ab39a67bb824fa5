"""The characters of an expression, one thing at a time: words, signs, numbers and quoted texts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, NoReturn

from grantline.calls.expressions.values import Number
from grantline.calls.expressions.wording import failed
from grantline.calls.structures.json_values import load_json

LONGEST_EXPRESSION: Final = 10_000

_BLANKS: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"\w+")
_ARGUMENT: Final = re.compile(r"([^\W\d]\w*)\s*=(?!=)")
_OPERAND: Final = re.compile(r"[\w\"'\[{(]")
_NO_OPERAND: Final = re.compile(r"(?:and|or|if|else|is|in|not)\b")
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/"}
# What people bring from other languages.
_FOREIGN: Final = {
    "&&": "Write and.",
    "||": "Write or.",
    "!": "Write not.",
    "=": "Compare with ==.",
    "?": "Write a if b else c.",
    "`": "Texts stand in single or double quotes.",
    "\N{LEFT DOUBLE QUOTATION MARK}": "Use straight quotes.",
    "\N{RIGHT DOUBLE QUOTATION MARK}": "Use straight quotes.",
    "\N{LEFT SINGLE QUOTATION MARK}": "Use straight quotes.",
    "\N{RIGHT SINGLE QUOTATION MARK}": "Use straight quotes.",
    "{{": "One pair of braces is enough.",
    "%}": "Close it with }}.",
}


class Scanner:
    """A place in ``text``. Methods that find nothing leave it where it was, blanks aside."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at
        self._begin = at

    def blanks(self) -> None:
        """Passes over blanks and line ends."""
        found = _BLANKS.match(self.text, self.at)
        self.at = found.end() if found else self.at
        if self.at - self._begin > LONGEST_EXPRESSION:
            self.fail("The expression is too long.", "Set a variable on the way.")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """What ``pattern`` finds right here; passes over it, and over the blanks after it."""
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        self.blanks()
        return found[0]

    def looking_at(self, pattern: re.Pattern[str]) -> bool:
        """Whether ``pattern`` would match."""
        return pattern.match(self.text, self.at) is not None

    def word(self, word: str) -> bool:
        """Passes over ``word``, when it stands here whole."""
        found = _WORD.match(self.text, self.at)
        if found is None or found[0] != word:
            return False
        self.at = found.end()
        self.blanks()
        return True

    def symbol(self, symbol: str) -> bool:
        """Passes over ``symbol``."""
        if not self.ahead(symbol):
            return False
        self.at += len(symbol)
        self.blanks()
        return True

    def ahead(self, symbol: str) -> bool:
        """Whether ``symbol`` comes next."""
        return self.text.startswith(symbol, self.at)

    def expect(self, symbol: str) -> None:
        """Passes over ``symbol``; raises ``ExpressionFailed`` when it is not here."""
        if not self.symbol(symbol):
            self.fail(f"Here should be {symbol}.", self._foreign())

    def argument_name(self) -> str | None:
        """The name in ``name=``."""
        found = _ARGUMENT.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        self.blanks()
        return found[1]

    def begins_operand(self) -> bool:
        """Whether a value begins here, and no word that joins two."""
        return self.looking_at(_OPERAND) and not self.looking_at(_NO_OPERAND)

    def number(self, text: str, at: int) -> Number:
        """The number that ``text`` is, with all its digits."""
        plain = text.replace("_", "")
        if len(plain) > 100 or plain.strip("0123456789.eE+-"):
            self.fail("This number is too long.", at=at)
        try:
            value: Number = load_json(plain)
        except ValueError:
            # 007 is no JSON; what else could it mean?
            return int(plain) if plain.isdigit() else float(plain)
        if isinstance(value, Decimal) and abs(value.adjusted()) > 400:
            self.fail("This number is too large.", at=at)
        return value

    def quoted(self) -> str | None:
        """The text in the quotes that begin here."""
        if not self.text.startswith(("'", '"'), self.at):
            return None
        at = self.at
        found = _QUOTED.match(self.text, at, at + LONGEST_EXPRESSION)
        if found is None:
            self.fail("This text has no closing quote.", at=at)
        self.at = found.end()
        self.blanks()
        inner = found[0][1:-1]
        return inner if "\\" not in inner else _ESCAPE.sub(self._unescaped, inner)

    def _unescaped(self, found: re.Match[str]) -> str:
        what = found[1]
        if len(what) == 5:
            return chr(int(what[1:], 16))
        if what not in _ESCAPES:
            self.fail(
                "A backslash in this text stands before something that needs none.",
                r"Write \\ for a backslash itself.",
            )
        return _ESCAPES[what]

    def fail_operand(self) -> NoReturn:
        """Says that a value was wanted, and what is here instead."""
        if self.at >= len(self.text) or self.ahead("}}"):
            self.fail("The expression ends where a value should be.")
        self.fail("Here should be a value.", self._foreign())

    def fail(self, message: str, hint: str = "", *, at: int | None = None) -> NoReturn:
        """Raises ``ExpressionFailed`` at ``at``, or here."""
        raise failed(self.text, self.at if at is None else at, message, hint)

    def fail_rest(self) -> NoReturn:
        """Says that the expression does not go on like this."""
        self.fail("The expression does not go on like this.", self._foreign())

    def _foreign(self) -> str:
        for sign, hint in _FOREIGN.items():
            if self.ahead(sign):
                return hint
        return "" if self.at < len(self.text) else "Close the expression with }}."

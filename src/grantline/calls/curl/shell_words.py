"""A pasted command line as words, the way the shell that it was written for would split it.

Nothing is expanded and nothing runs: a variable stays as it is written, and its word says so.
"""

from __future__ import annotations

import re

from grantline.calls.curl.posix_words import Posix
from grantline.calls.curl.shell_splitter import Word, invalid
from grantline.calls.curl.windows_words import PowerShell, split_cmd

_PROMPT = re.compile(r"\s*(?:[$%>]\s+)?(?=\S)")

# Outside of quotes, a caret or a backtick at the end of a line gives its shell away.
_SIGN = re.compile(
    r"""\$'(?:[^'\\]|\\.)*'|'[^']*'|"(?:[^"\\]|\\.)*"|\\."""
    r"""|(?P<cmd>\^(?:[ \t]*\r?\n|"))|(?P<powershell>`[ \t]*\r?\n)|.""",
    re.DOTALL,
)
# "{""a"": 1}": doubled quotes are cmd's way to write them.
_DOUBLED = re.compile(r"[\[{,:]\s*\"\"[^\",\]}\s]")


def split_words(text: str) -> tuple[Word, ...]:
    """The words of one command, written for a POSIX shell, Windows' cmd or PowerShell.

    A leading prompt is left out, and so is what happens to the output (``| jq``, ``> file``).

    Raises:
        InvalidInput: A quote is not closed, or it is more than one command.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise invalid("The command holds a character that is no Unicode.", 0) from None
    if "\0" in text:
        raise invalid("The command holds a NUL character.", text.index("\0"))
    start = match.end() if (match := _PROMPT.match(text)) else 0
    sign = next((match.lastgroup for match in _SIGN.finditer(text) if match.lastgroup), None)
    if sign == "cmd" or (_DOUBLED.search(text) and "'" not in text):
        return split_cmd(text, start)
    if sign == "powershell":
        return PowerShell(text, start).words()
    return Posix(text, start).words()

"""What Typer says about a command that cannot be understood, as one of our errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import typer

from grantline.cli.errors import UsageError, one_line

# Typer names these in its suggestions, although they exist only to refuse.
_REFUSED: Final = {"--client-secret", "--password", "--private-key", "--secret", "--value"}
# Its words, and ours.
_WORDS: Final[dict[str, str | Callable[[re.Match[str]], str]]] = {
    r"Value error, ": "",
    r"Got unexpected extra argument.*": "There are more arguments than the command takes.",
    r"Missing argument '(.+?)'\.": lambda found: f"The argument {found[1].upper()} is missing.",
    r"Missing option '(.+?)'\.": r"The option \1 is missing.",
    r"Option '(.+?)' requires an argument": r"The option \1 needs a value",
    r"Input should be a valid integer.*": "it is not a whole number",
    r"Input should be greater than or equal to (\d+)": r"the least is \1",
    r"Input should be less than or equal to (\d+)": r"the most is \1",
    r"'([^']*)'": r"“\1”",
}


def usage_error(error: typer.TyperException, command: Any, arguments: Sequence[str]) -> UsageError:
    """``error`` as a sentence, without stray arguments: one of them may be a secret."""
    possible = sorted(set(getattr(error, "possibilities", None) or ()) - _REFUSED)
    is_suggesting = getattr(error, "possibilities", None) is not None
    text = one_line(error.message if is_suggesting else error.format_message())
    for theirs, ours in _WORDS.items():
        text = re.sub(theirs, ours, text)
    text, _, suggested = text.partition(" Did you mean ")
    near = " or ".join(possible) or suggested.rstrip("?").replace("“", "").replace("”", "")
    hint = f"See what it takes with: {_path(command, arguments)} --help"
    if near:
        hint = f"Did you mean {near}? {hint}"
    return UsageError(text if text.endswith((".", "?", ")")) else f"{text}.", hint=hint)


def _path(command: Any, arguments: Sequence[str]) -> str:
    """The command that was meant, as far as it exists."""
    words = ["grantline"]
    for word in arguments:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        words.append(word)
    return " ".join(words)

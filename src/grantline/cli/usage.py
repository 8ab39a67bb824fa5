"""What Typer says about a command that cannot be understood, as one of our errors."""

from __future__ import annotations

import re
from typing import Final

import typer

from grantline.cli.errors import UsageError, one_line

_HELP: Final = "See what it takes with: {command} --help"
# Typer names these in its suggestions, although they exist only to refuse.
_REFUSED: Final = {"--client-secret", "--password", "--private-key", "--secret", "--value"}


def usage_error(error: typer.TyperException) -> UsageError:
    """``error`` as a sentence, without stray arguments: one of them may be a secret."""
    context = getattr(error, "ctx", None)
    hint = _HELP.format(command=context.command_path if context else "grantline")
    possible = sorted(set(getattr(error, "possibilities", None) or ()) - _REFUSED)
    if possible:
        hint = f"Did you mean {' or '.join(possible)}? {hint}"
    is_suggesting = getattr(error, "possibilities", None) is not None
    text = one_line(error.message if is_suggesting else error.format_message())
    text = text.replace("Value error, ", "")
    if re.match(r"Got unexpected extra argument", text):
        text = "There are more arguments than the command takes."
    if missing := re.fullmatch(r"Missing (argument|option) '(.+)'\.", text):
        kind, name = missing.groups()
        text = f"The {kind} {name.upper() if kind == 'argument' else name} is missing."
    return UsageError(text if text.endswith((".", "?", ")")) else f"{text}.", hint=hint)

"""What Typer says about a command that cannot be understood, as one of our errors."""

from __future__ import annotations

import re
from typing import Final

import typer

from grantline.cli.errors import UsageError, one_line

_HELP: Final = "See what it takes with: {command} --help"


def usage_error(error: typer.TyperException) -> UsageError:
    """``error`` as a sentence, without the values that were given: one may be a secret."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "grantline"
    hint = _HELP.format(command=command)
    possibilities = getattr(error, "possibilities", None)
    if possibilities:
        hint = f"Did you mean {' or '.join(sorted(possibilities))}? {hint}"
    text = one_line(error.format_message())
    if re.match(r"Got unexpected extra arguments? ", text):
        text = "There are more arguments than the command takes."
    return UsageError(text if text.endswith((".", "?", ")")) else f"{text}.", hint=hint)

"""Questions to a person: only on a terminal, and each one has an option that answers it."""

from __future__ import annotations

import sys
from getpass import getpass

from grantline.cli.errors import UsageError
from grantline.secret import Secret


def can_ask() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, *, option: str) -> str:
    """What the person types.

    Raises:
        UsageError: There is nobody to ask; names ``option``.
    """
    _require_person(question, option)
    print(f"{question}: ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise UsageError("The input ended before the question was answered.", hint=f"Use {option}.")
    return answer.strip()


def ask_secret(question: str, *, option: str) -> Secret | None:
    """What the person types without it being shown; None for nothing. Errors as ``ask``."""
    _require_person(question, option)
    return Secret(answer) if (answer := getpass(f"{question}: ", stream=sys.stderr)) else None


def confirm(question: str, *, option: str) -> bool:
    """Whether the person says yes; anything else is a no. Errors as ``ask``."""
    return ask(f"{question} [y/N]", option=option).lower() in {"y", "yes"}


def _require_person(question: str, option: str) -> None:
    if not can_ask():
        raise UsageError(f"There is no terminal to ask: {question}", hint=f"Use {option}.")

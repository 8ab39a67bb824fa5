"""How a failure reads on a terminal, and the exit status that goes with it.

One line ``error:``, one line ``hint:``, and between them the other server's own words, marked as
such; with ``--format json`` one object on stderr. The exit statuses are the error classes' own
(``grantline.errors``) and those named here; ``docs/cli.md`` lists them all.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from grantline.cli.output import in_colour, note
from grantline.cli.words import printable
from grantline.errors import AuthorizationServerError, GrantlineError, UpstreamError

SUCCESS: Final = 0
USAGE: Final = 2
UNUSABLE: Final = 5
TEMPORARY: Final = 6
FINDINGS: Final = 11
INTERNAL: Final = 70
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
TERMINATED: Final = 143

DEBUG_VARIABLE: Final = "GRANTLINE_DEBUG"

# What an error of one of our classes knows besides its message; JSON carries those that are set.
_FACTS: Final = (
    "field",
    "check",
    "rule",
    "address",
    "setting",
    "fingerprint",
    "reason",
    "limit",
    "retry_after",
    "service_message",
)


class UsageError(GrantlineError):
    """The command was written in a way that cannot be understood."""

    code = "usage"
    exit_code = USAGE
    http_status = 400


class SecretInArguments(UsageError):
    """A secret stands in the argument list, where every user of the machine can read it."""

    code = "secret_in_arguments"


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command asked for JSON; read from the words, so that it holds for misuse too."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def report(error: GrantlineError, *, as_json: bool) -> int:
    """Says ``error`` on stderr; the exit status."""
    if as_json:
        print(json.dumps({"error": to_plain(error)}, ensure_ascii=False), file=sys.stderr)
        return error.exit_code
    label = "\x1b[1;31merror:\x1b[0m" if in_colour(sys.stderr) else "error:"
    print(f"{label} {one_line(error.message)}", file=sys.stderr)
    if isinstance(error, AuthorizationServerError) and (error.error or error.description):
        words = ": ".join(each for each in (error.error, error.description) if each)
        note(f"the server said: “{one_line(words)}”")
    if isinstance(error, UpstreamError) and error.service_message:
        note(f"the service said: “{one_line(error.service_message)}”")
    if error.hint:
        note(f"hint: {one_line(error.hint)}")
    return error.exit_code


def report_fault(error: BaseException, *, as_json: bool) -> int:
    """Says that Grantline itself failed. What the exception says may hold anything: its type only.

    ``GRANTLINE_DEBUG=1`` shows the traceback.
    """
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(error)
    fault = GrantlineError(
        f"This is a fault in Grantline itself ({type(error).__name__}).",
        hint=f"Please report it, with what {DEBUG_VARIABLE}=1 prints.",
    )
    if as_json:
        plain = {**to_plain(fault), "code": "internal"}
        print(json.dumps({"error": plain}, ensure_ascii=False), file=sys.stderr)
    else:
        report(fault, as_json=False)
    return INTERNAL


def to_plain(error: GrantlineError) -> dict[str, Any]:
    """``error`` as JSON types: code, message, hint, and the facts that its class has."""
    plain: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "retryable": error.retryable,
    }
    for name in _FACTS:
        value = getattr(error, name, None)
        if value:
            plain[name] = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(error, AuthorizationServerError):
        plain["server"] = {
            "error": error.error,
            "description": error.description,
            "uri": error.uri,
            "status": error.status,
        }
    return plain


def one_line(text: str) -> str:
    """``text`` on one line."""
    return " ".join(printable(text).split())

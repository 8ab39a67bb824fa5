"""Scopes: strings on the wire, tuples everywhere else (RFC 6749 section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


def split_scope(value: Any, separator: str = " ") -> tuple[str, ...] | None:
    """The scopes that ``value`` of an answer names, each once; None when it names none.

    Text is split at blanks, and at ``separator`` where a service has another one. Arrays are
    taken as they are; some services number their scopes.
    """
    if isinstance(value, str):
        names = re.split(rf"[\s{re.escape(separator)}]+", value)
    elif isinstance(value, list):
        names = [str(item) for item in value if isinstance(item, str | int)]
    else:
        return None
    return tuple(dict.fromkeys(name for name in names if name)) or None


def join_scope(scopes: Iterable[str], separator: str = " ") -> str:
    """``scopes`` as one parameter value."""
    return separator.join(scopes)


def is_reduced(granted: tuple[str, ...] | None, asked: tuple[str, ...]) -> bool:
    """Whether less was granted than ``asked``; a server that says nothing granted it all."""
    return granted is not None and not set(asked) <= set(granted)

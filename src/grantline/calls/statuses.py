"""Sets of HTTP statuses as people write them: ``404``, ``4xx``, ``500-504``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from grantline.errors import InvalidInput

Statuses = tuple[str, ...]

ERROR_STATUSES: Final[Statuses] = ("4xx", "5xx")

_WRITTEN = re.compile(r"([1-5])(?:xx|([0-9]{2})(?:-([1-5][0-9]{2}))?)")


def parse_statuses(words: Iterable[str], *, field: str) -> Statuses:
    """``words``, each a status, a class or a range, in lower case and without blanks.

    Raises:
        InvalidInput: One of them is none of these; ``field`` names where it was written.
    """
    written = tuple(word.strip().lower() for word in words)
    for word in written:
        if _span(word) is None:
            raise InvalidInput(
                f"{word!r} is no HTTP status.",
                field=field,
                hint="Write a status such as 404, a class such as 4xx, or a range such as 500-504.",
            )
    return written


def has_status(statuses: Statuses, status: int) -> bool:
    """Whether ``status`` is in the set; what is no status has nothing in it."""
    return any((span := _span(word)) is not None and status in span for word in statuses)


@lru_cache(maxsize=256)
def _span(word: str) -> range | None:
    match = _WRITTEN.fullmatch(word)
    if match is None:
        return None
    if match[2] is None:
        first = int(match[1]) * 100
        return range(first, first + 100)
    first = int(match[1] + match[2])
    last = int(match[3] or first)
    return range(first, last + 1) if first <= last else None

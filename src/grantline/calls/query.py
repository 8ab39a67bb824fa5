"""The query of a URL, with repeated names in the style that a service reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Final
from urllib.parse import quote_plus, urlencode

Pairs = tuple[tuple[str, str], ...]


class ArrayStyle(StrEnum):
    """How a name that has several values is written."""

    REPEAT = "repeat"  # id=1&id=2
    BRACKETS = "brackets"  # id[]=1&id[]=2
    INDEXED = "indexed"  # id[0]=1&id[1]=2
    COMMA = "comma"  # id=1,2


REPEAT: Final = ArrayStyle.REPEAT


def encode_query(pairs: Pairs, style: ArrayStyle = REPEAT) -> str:
    """``pairs`` in order, percent-encoded (application/x-www-form-urlencoded).

    A style concerns names that occur more than once; one value is no array, and stays as it is.
    With commas, the values stand where the first of them stood, and a comma within a value is
    escaped.
    """
    if style is REPEAT:
        return urlencode(pairs)
    counts = Counter(name for name, _ in pairs)
    if style is ArrayStyle.COMMA:
        return "&".join(_with_commas(pairs, counts))
    seen: Counter[str] = Counter()
    named = []
    for name, value in pairs:
        if counts[name] > 1:
            index = seen[name] if style is ArrayStyle.INDEXED else ""
            seen[name] += 1
            named.append((f"{name}[{index}]", value))
        else:
            named.append((name, value))
    return urlencode(named)


def _with_commas(pairs: Pairs, counts: Counter[str]) -> Iterator[str]:
    for name in counts:
        values = ",".join(quote_plus(value) for each, value in pairs if each == name)
        yield f"{quote_plus(name)}={values}"

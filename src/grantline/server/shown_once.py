"""Secrets that are shown once, by the page after the form: no reload sends the form again."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final, Generic, TypeVar

T = TypeVar("T")

MOST: Final = 100


class ShownOnce(Generic[T]):
    """Things by a random word, for the session they were made in, until they are looked at."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, T]] = OrderedDict()

    def keep(self, thing: T, *, binding: str) -> str:
        """The word under which ``thing`` can be had once."""
        word = secrets.token_urlsafe(16)
        self._kept[word] = (binding, thing)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return word

    def take(self, word: str, *, binding: str) -> T | None:
        """What was kept, unless it was looked at before or is another session's."""
        kept = self._kept.get(word)
        if kept is None or kept[0] != binding:
            return None
        del self._kept[word]
        return kept[1]

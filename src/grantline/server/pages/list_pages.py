"""Where in a list a page is: its offset, and the addresses of the pages beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

PER_PAGE: Final = 25
# Of a list that has a page of its own elsewhere, the first ones.
FIRST: Final = 10


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list, by the ``page`` parameter of the address."""

    number: int
    path: str
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, request: Request) -> ListPage:
        """The page that ``request`` asks for; the first one when it asks for none."""
        asked = request.query_params.get("page", "1")
        number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 7 else 1
        pairs = request.query_params.multi_items()
        kept = tuple((name, value) for name, value in pairs if name != "page" and value)
        return cls(number, request.url.path, kept)

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * PER_PAGE

    @property
    def previous_url(self) -> str:
        """The page before, or nothing."""
        return self._url(self.number - 1) if self.number > 1 else ""

    def next_url(self, total: int) -> str:
        """The page after, of a list of ``total`` rows, or nothing."""
        return self._url(self.number + 1) if self.number * PER_PAGE < total else ""

    def words(self, total: int) -> str:
        """Which rows it has: "26 to 50 of 312"."""
        last = min(self.number * PER_PAGE, total)
        return f"{self.offset + 1} to {last} of {total}" if last > self.offset else ""

    def _url(self, number: int) -> str:
        pairs = self.query + ((("page", str(number)),) if number > 1 else ())
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path

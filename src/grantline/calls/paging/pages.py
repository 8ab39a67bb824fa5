"""From page to page: what an answer holds, what to ask for next, and when to stop.

A pure state machine: `grantline.calls.paging.page_request` writes the request for a `Position`,
`turn_page` reads its answer. A position is small and can be kept as text, so a run that was
interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final

from grantline.calls.answers.response import Response
from grantline.calls.pagination import HEADER_PREFIX, Pagination, PaginationType
from grantline.calls.paging.link_header import next_link
from grantline.calls.structures.json_values import dump_json
from grantline.calls.structures.paths import MISSING, at_path, parse_path
from grantline.errors import InvalidInput
from grantline.url import parse_url, resolve_reference

REMEMBERED: Final = 100
# Where lists usually are, when an answer has more than one.
_USUAL_LISTS: Final = ("items", "data", "results", "records", "values", "value", "entries", "rows")


class Stop(StrEnum):
    """Why there is no further page."""

    EMPTY = "empty"  # the page had no items
    NO_NEXT = "no_next"  # the answer names no next page
    NO_MORE = "no_more"  # the answer says that there are no more
    TOTAL = "total"  # there were as many as the answer says there are
    REPEATED_PAGE = "repeated_page"  # the same items came again
    REPEATED_NEXT = "repeated_next"  # the answer names a page that was asked for before
    MAX_PAGES = "max_pages"  # there were as many as may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Which page comes next.

    Attributes:
        number: Its number, from 1.
        items: How many items came before it.
        next: The URL or token that an answer named; None for the first page.
        seen: Digests of the latest URLs or tokens, and of the latest page.
    """

    number: int = 1
    items: int = 0
    next: str | int | None = None
    seen: tuple[str, ...] = ()
    page: str = ""

    def to_text(self) -> str:
        """The position as one line; ``position_from_text`` reads it."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


START: Final = Position()


@dataclass(frozen=True, slots=True)
class Turned:
    """A page that was read.

    Attributes:
        items: Its items; none for a page that came before.
        position: Of the next page; None when there is none.
        stop: Why the run ends here.
    """

    items: Sequence[Any]
    position: Position | None
    stop: Stop | None = None


def position_from_text(text: str) -> Position:
    """The position that ``Position.to_text`` wrote.

    Raises:
        InvalidInput: It is none.
    """
    try:
        plain = json.loads(text)
        position = Position(**{**plain, "seen": tuple(plain.get("seen", ()))})
    except (ValueError, TypeError, AttributeError, RecursionError):
        position = None
    if position is None or not _is_sound(position):
        raise InvalidInput(
            "This is no position in a list of pages.",
            field="resume_from",
            hint="Give the text that an earlier run ended with.",
        )
    return position


def _is_sound(position: Position) -> bool:
    """Whether every field, which may come from anywhere, has its type."""
    return all(
        isinstance(value, kind)
        for value, kind in (
            (position.number, int),
            (position.items, int),
            (position.next, str | int | None),
            (position.page, str),
            *((each, str) for each in position.seen),
        )
    )


def turn_page(
    pagination: Pagination, position: Position, response: Response, *, is_last: bool = False
) -> Turned:
    """What the answer to the request for ``position`` holds, and what comes after it.

    Args:
        pagination: How the list comes in pages.
        position: Of the page that was asked for.
        response: The answer.
        is_last: Whether there were as many pages as may be.

    Raises:
        InvalidInput: Its items are not where ``pagination`` says.
        LimitExceeded: They are nested too deeply.
    """
    data = replace(response, parse_response=True).data
    items = _items(pagination, data, first=position.number == 1)
    page = _digest(dump_json(items)) if _is_blind(pagination) and items else ""
    if page and page == position.page:
        return Turned((), None, Stop.REPEATED_PAGE)
    if not items and not _is_named(pagination):
        return Turned((), None, Stop.EMPTY)
    count = position.items + len(items)
    named = _named(pagination, response, data)
    seen = position.seen
    if pagination.type is PaginationType.URL and not seen:
        seen = (_digest(response.url),)
    stop = _stop(pagination, position, response, data, count=count)
    if stop is None and _is_named(pagination):
        if named is None:
            stop = Stop.NO_NEXT
        elif _digest(str(named)) in seen:
            stop = Stop.REPEATED_NEXT
    if stop is not None:
        return Turned(items, None, stop)
    if named is not None:
        seen = (*seen, _digest(str(named)))[-REMEMBERED:]
    following = Position(number=position.number + 1, items=count, next=named, seen=seen, page=page)
    return Turned(items, following, Stop.MAX_PAGES if is_last else None)


def _is_named(pagination: Pagination) -> bool:
    return pagination.type in {PaginationType.URL, PaginationType.TOKEN}


def _is_blind(pagination: Pagination) -> bool:
    """Whether only the items can tell that a service does not look at the parameter."""
    told = pagination.total or pagination.total_pages or pagination.more
    return not told and not _is_named(pagination)


def _stop(
    pagination: Pagination, position: Position, response: Response, data: Any, *, count: int
) -> Stop | None:
    if pagination.more and _says_no(_at(pagination.more, response, data, field="more")):
        return Stop.NO_MORE
    total = _number(pagination.total, response, data, field="total")
    pages = _number(pagination.total_pages, response, data, field="total_pages")
    if (total is not None and count >= total) or (pages is not None and position.number >= pages):
        return Stop.TOTAL
    return None


def _says_no(found: Any) -> bool:
    return found is MISSING or not found or str(found).lower() in {"false", "no", "0"}


def _named(pagination: Pagination, response: Response, data: Any) -> str | int | None:
    """The next URL, made whole, or the next token; None when the answer names none."""
    if not _is_named(pagination):
        return None
    if pagination.type is PaginationType.URL and not pagination.next:
        values = [value for name, value in response.headers if name.lower() == "link"]
        found: Any = next_link(values)
    else:
        found = _at(pagination.next, response, data, field="next")
    if not isinstance(found, str | int) or isinstance(found, bool) or found == "":
        return None
    if not str(found).isprintable():
        raise InvalidInput("What names the next page is no plain text.", field="next")
    if pagination.type is PaginationType.TOKEN:
        return found
    return str(resolve_reference(parse_url(response.url), str(found)))


def _items(pagination: Pagination, data: Any, *, first: bool) -> list[Any]:
    found = at_path(data, parse_path(pagination.items, field="items"))
    if not pagination.items:
        found = _only_list(data)
    if isinstance(found, list):
        return found
    if found is None or (found is MISSING and not first):
        return []
    if isinstance(found, dict) and pagination.items:
        return [found]  # XML shows no difference between one element and a list of one
    raise InvalidInput(
        f"The answer has no list at {pagination.items or 'its top'}.",
        field="items",
        hint=f"It has lists at: {', '.join(_lists(data)) or 'no name of its own'}.",
    )


def _only_list(data: Any) -> Any:
    if isinstance(data, list):
        return data
    lists = _lists(data)
    if len(lists) == 1:
        return next(iter(lists.values()))
    return next((lists[name] for name in _USUAL_LISTS if name in lists), MISSING)


def _lists(data: Any) -> dict[str, list[Any]]:
    members = data.items() if isinstance(data, dict) else ()
    return {name: each for name, each in members if isinstance(each, list)}


def _at(place: str, response: Response, data: Any, *, field: str) -> Any:
    if place.lower().startswith(HEADER_PREFIX):
        return response.header(place[len(HEADER_PREFIX) :].strip())
    return at_path(data, parse_path(place, field=field))


def _number(place: str, response: Response, data: Any, *, field: str) -> int | None:
    found = _at(place, response, data, field=field) if place else None
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 20:
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

"""How a service gives a long list in pages: rules as data, which the room `paging` follows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grantline.calls.structures.paths import parse_path
from grantline.errors import InvalidInput

MAX_PAGES: Final = 1000
HEADER_PREFIX: Final = "header:"


class PaginationType(StrEnum):
    """What the request for the next page differs in."""

    OFFSET = "offset"  # how many items to pass over
    PAGE = "page"  # the number of the page
    URL = "url"  # the address that the answer names: a Link header, or a value in the body
    TOKEN = "token"  # a cursor that the answer names


class ParameterPlace(StrEnum):
    """Where a parameter of pagination goes."""

    QUERY = "query"
    HEADER = "header"
    BODY = "body"


_PARAMETERS: Final = {
    PaginationType.OFFSET: ("offset", "limit"),
    PaginationType.PAGE: ("page", "per_page"),
    PaginationType.URL: ("", "per_page"),
    PaginationType.TOKEN: ("cursor", "limit"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagination:
    """How to get from page to page.

    Paths are those of `grantline.calls.structures.paths`; all but ``items`` may also name a header,
    as ``header:X-Total-Count``.

    Attributes:
        type: What changes from request to request.
        items: Path of the list; empty finds the only list there is.
        parameter: Name of the offset, the page or the token; the usual name when empty. In a
            body it may be a path, such as ``variables.after``.
        place: Where it goes, and the size with it.
        start: The first offset or page; 0 and 1 when None.
        size: How many items to ask for; None leaves it to the service.
        size_parameter: Name of the size; the usual name when empty.
        next: Where an answer names the next URL or token. Empty is the Link header for URLs
            (RFC 8288); a token has no usual place.
        total: Where an answer says how many items there are.
        total_pages: Where it says how many pages there are.
        more: Where it says whether there are more: false ends.
        max_pages: How many pages to get at most.
    """

    type: PaginationType
    items: str = ""
    parameter: str = ""
    place: ParameterPlace = ParameterPlace.QUERY
    start: int | None = None
    size: int | None = None
    size_parameter: str = ""
    next: str = ""
    total: str = ""
    total_pages: str = ""
    more: str = ""
    max_pages: int = MAX_PAGES

    @property
    def parameter_name(self) -> str:
        """The name of the parameter that changes; empty where an answer names a whole URL."""
        return self.parameter or _PARAMETERS[self.type][0]

    @property
    def size_name(self) -> str:
        """The name of the parameter that says how many items a page has."""
        return self.size_parameter or _PARAMETERS[self.type][1]


def check_pagination(pagination: Pagination) -> Pagination:
    """``pagination`` itself.

    Raises:
        InvalidInput: It cannot work; names the field.
    """
    if pagination.type is PaginationType.TOKEN and not pagination.next:
        raise InvalidInput(
            "Where an answer names the next token is missing.",
            field="next",
            hint="Write a path such as meta.next_cursor, or header:X-Next-Token.",
        )
    for field, least in (("start", 0), ("size", 1), ("max_pages", 1)):
        number = getattr(pagination, field)
        if number is not None and number < least:
            raise InvalidInput(f"{field} is less than {least}.", field=field)
    for field in ("items", "next", "total", "total_pages", "more"):
        text = getattr(pagination, field)
        if field == "items" or not text.lower().startswith(HEADER_PREFIX):
            parse_path(text, field=field)
    if pagination.place is ParameterPlace.BODY:
        parse_path(pagination.parameter_name, field="parameter")
        parse_path(pagination.size_name, field="size_parameter")
    return pagination

"""How a service tells when to come back, how it counts requests, and how its lists go on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ResetUnit(StrEnum):
    """What the value of a reset header means."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    EPOCH_SECONDS = "epoch-seconds"
    EPOCH_MILLISECONDS = "epoch-milliseconds"
    HTTP_DATE = "http-date"
    ISO_8601 = "iso-8601"


class PageKind(StrEnum):
    """How the next page of a list is asked for."""

    NONE = ""
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    NEXT_URL = "next-url"
    LINK_HEADER = "link-header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When a request may be made again.

    Attributes:
        after_header: Header that says how long to wait (RFC 9110 section 10.2.3).
        reset_header: Header that says when the limit ends; empty for none.
        reset_unit: What that header holds.
        statuses: Statuses that mean "try again later".
        body_pattern: A regular expression; a body that it is found in means the same.
    """

    after_header: str = "Retry-After"
    reset_header: str = ""
    reset_unit: ResetUnit = ResetUnit.SECONDS
    statuses: tuple[int, ...] = (429, 503)
    body_pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """How a service counts requests.

    Attributes:
        limit_header: Header with the number of requests that are allowed.
        remaining_header: Header with how many are left.
        reset_header: Header that says when counting starts again.
        reset_unit: What that header holds.
        requests: Documented number of requests; 0 when it is not known.
        per_seconds: In so many seconds.
    """

    limit_header: str = ""
    remaining_header: str = ""
    reset_header: str = ""
    reset_unit: ResetUnit = ResetUnit.SECONDS
    requests: int = 0
    per_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pagination:
    """How the lists of a service go on from page to page.

    Attributes:
        kind: How the next page is asked for; empty when the service has no one way.
        page_parameter: Query parameter with the number of the page.
        first_page: Number of the first page.
        offset_parameter: Query parameter with the number of items to skip.
        cursor_parameter: Query parameter that takes the cursor of the last answer.
        limit_parameter: Query parameter with the size of a page.
        limit: The largest size of a page.
        items_path: Path of the items in an answer; empty when the answer is the list.
        next_path: Path of the cursor, or of the URL of the next page, in an answer.
        more_path: Path of a field that says whether there is more.
    """

    kind: PageKind = PageKind.NONE
    page_parameter: str = ""
    first_page: int = 1
    offset_parameter: str = ""
    cursor_parameter: str = ""
    limit_parameter: str = ""
    limit: int = 0
    items_path: str = ""
    next_path: str = ""
    more_path: str = ""

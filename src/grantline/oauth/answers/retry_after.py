"""How long a server asks us to wait (RFC 9110 section 10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from grantline.messages import HttpResponse

# A longer wait is a mistake more often than a wish; urllib3 2.6.3 draws the line at the same.
LONGEST_WAIT: Final = timedelta(hours=6)

_SECONDS: Final = re.compile(r"[0-9]{1,18}")


def retry_after(response: HttpResponse, *, now: datetime) -> timedelta | None:
    """The wait that ``Retry-After`` names, at most six hours; None when it names none."""
    value = (response.header("Retry-After") or "").strip()
    if _SECONDS.fullmatch(value):
        return min(timedelta(seconds=min(int(value), 10**9)), LONGEST_WAIT)
    instant = parse_http_date(value)
    if instant is None:
        return None
    return min(max(instant - now, timedelta(0)), LONGEST_WAIT)


def parse_http_date(text: str) -> datetime | None:
    """The instant of an HTTP-date (RFC 9110 section 5.6.7), or None for any other text."""
    try:
        instant = parsedate_to_datetime(text)
        # A date without a zone is in GMT, as the section says.
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

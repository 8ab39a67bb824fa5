"""How long to wait, as services write it: seconds, dates, epochs, durations such as ``1m30s``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from grantline.oauth.answers.retry_after import parse_http_date

# Nobody means to be asked again after more than a year.
LONGEST: Final = timedelta(days=366)

_NUMBER = re.compile(r"[0-9]{1,20}(?:\.[0-9]{0,9})?")
_DURATION = re.compile(
    r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m(?!s))?(?:([0-9]{1,9}(?:\.[0-9]{1,9})?)s)?"
    r"(?:([0-9]{1,12}(?:\.[0-9]{1,9})?)ms)?"
)
# A number of seconds that is larger is an instant: seconds since 1970 from 2001 on,
# milliseconds from 1973 on.
_FIRST_EPOCH_S: Final = 1e9
_FIRST_EPOCH_MS: Final = 1e11


def parse_when(text: str, *, now: datetime) -> timedelta | None:
    """How long after ``now`` the instant is that ``text`` names; None when it names none.

    Seconds and HTTP dates (RFC 9110 section 10.2.3), seconds and milliseconds since 1970, ISO 8601,
    and durations with units. What is past is no time at all.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return _from_number(float(text), now)
    if text and (match := _DURATION.fullmatch(text)):
        hours, minutes, seconds, milliseconds = (float(each or 0) for each in match.groups())
        return _bounded(
            hours * 3600 + minutes * 60 + seconds + milliseconds / 1000,
        )
    instant = _instant(text)
    return None if instant is None else _until(instant, now)


def _from_number(number: float, now: datetime) -> timedelta | None:
    if number < _FIRST_EPOCH_S:
        return _bounded(number)
    try:
        seconds = number / 1000 if number >= _FIRST_EPOCH_MS else number
        return _until(datetime.fromtimestamp(seconds, UTC), now)
    except (OverflowError, OSError, ValueError):
        return None


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return parse_http_date(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _until(instant: datetime, now: datetime) -> timedelta | None:
    try:
        span = instant - now
    except OverflowError:
        return None
    return None if span > LONGEST else max(span, timedelta(0))


def _bounded(seconds: float) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds <= LONGEST.total_seconds() else None

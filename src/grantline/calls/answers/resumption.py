"""Which part of an answer to ask for again, and whether it came (RFC 9110 section 14).

A broken download goes on where it stopped only when the server can say that the rest is of the same
thing: by a strong validator in If-Range (section 13.1.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from grantline.messages import Headers
from grantline.oauth.answers.retry_after import parse_http_date

PARTIAL_CONTENT: Final = 206

_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")

Header = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Part:
    """What a 206 answer holds: ``first`` to ``last`` of ``total`` bytes; None for unknown."""

    first: int
    last: int
    total: int | None


def validator_of(header: Header) -> str | None:
    """What names the very bytes of an answer; None when nothing does.

    A weak ETag means "much the same", and a Last-Modified is strong only when a second has passed
    since then by the server's own clock (section 8.8.2.2).
    """
    if header("Content-Encoding"):
        return None  # the bytes on disk are not the bytes that a range counts
    if (header("Accept-Ranges") or "").strip().lower() == "none":
        return None
    etag = (header("ETag") or "").strip()
    if etag:
        return etag if _ETAG.fullmatch(etag) else None
    modified = header("Last-Modified") or ""
    modified_at, now = parse_http_date(modified), parse_http_date(header("Date") or "")
    if modified_at is None or now is None or now - modified_at < timedelta(seconds=1):
        return None
    return modified


def rest_of(validator: str, first: int) -> Headers:
    """The headers that ask for everything from byte ``first`` on."""
    return (("Range", f"bytes={first}-"), ("If-Range", validator))


def part_of(header: Header) -> Part | None:
    """What a 206 answer says that it holds; None when it makes no sense."""
    match = _RANGE.fullmatch((header("Content-Range") or "").strip())
    if match is None:
        return None
    total = None if match[3] == "*" else int(match[3])
    part = Part(int(match[1]), int(match[2]), total)
    if part.last < part.first or (total is not None and part.last >= total):
        return None
    return part

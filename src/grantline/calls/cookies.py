"""Cookies of one run: what answers set, and what later requests send back (RFC 6265).

A jar knows no clock: every method is told the time. Whether two steps share a jar is for those who
make them to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from grantline.calls.hosts import is_public_suffix
from grantline.errors import EgressBlocked
from grantline.url import Url, canonical_host, literal_address, parse_url

# RFC 6265 section 6.1 asks browsers for 3000; a run needs fewer.
MOST_COOKIES: Final = 300
# draft-ietf-httpbis-rfc6265bis sections 5.6 and 5.5: no cookie is larger, and none lives longer.
LARGEST: Final = 4096
LONGEST: Final = timedelta(days=400)

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# What may stand in a header; the rest has no agreed meaning and is not sent back.
_SENDABLE = re.compile(r"[\x20-\x7e]*")
_SECONDS = re.compile(r"-?[0-9]{1,18}")

# RFC 6265 section 5.1.1.
_DELIMITERS = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9]).*")
_DAY = re.compile(r"([0-9]{1,2})(?![0-9]).*")
_YEAR = re.compile(r"([0-9]{2,4})(?![0-9]).*")
_MONTHS: Final = "janfebmaraprmayjunjulaugsepoctnovdec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie as an answer set it.

    Attributes:
        domain: The host that set it, or a domain above it.
        host_only: Whether it goes back to that very host alone.
        path: It goes back to this path and those under it.
        expires_at: None for a cookie that lasts as long as its jar.
        secure: Whether it goes over TLS only.
        http_only: As the service asked; here nothing but requests sees it anyway.
    """

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    expires_at: datetime | None
    secure: bool
    http_only: bool


class CookieJar:
    """The cookies of one run, for every host that was asked in it."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def learn(self, url: str, set_cookies: Iterable[str], now: datetime) -> None:
        """Keeps what the answer of ``url`` sets, and drops what it takes back."""
        for text in set_cookies:
            cookie = parse_set_cookie(text, parse_url(url), now)
            if cookie is None:
                continue
            key = (cookie.domain, cookie.path, cookie.name)
            if _is_over(cookie, now):
                self._cookies.pop(key, None)
            else:
                self._cookies[key] = cookie  # in the place of the one it replaces
        while len(self._cookies) > MOST_COOKIES:
            del self._cookies[next(iter(self._cookies))]

    def header(self, url: str, now: datetime) -> str:
        """The value of the Cookie header for ``url``; empty for none (section 5.4)."""
        where = parse_url(url)
        found = [each for each in self._cookies.values() if _goes_to(each, where, now)]
        found.sort(key=lambda each: -len(each.path))
        return "; ".join(f"{each.name}={each.value}" if each.name else each.value for each in found)

    def __len__(self) -> int:
        return len(self._cookies)


def parse_set_cookie(text: str, url: Url, now: datetime) -> Cookie | None:
    """The cookie that one Set-Cookie header of ``url`` sets; None when it may set none.

    Lifetimes become instants here; one that is over takes the cookie back.
    """
    pair, _, rest = text.partition(";")
    name, equals, value = (each.strip(" \t") for each in pair.partition("="))
    if not equals:
        name, value = "", name
    size = len(name) + len(value)
    if not size or size > LARGEST or not _SENDABLE.fullmatch(name + value) or _CONTROL.search(text):
        return None
    attributes = _attributes(rest)
    written = attributes.get("domain", "")
    domain = _domain(written, url)
    path = attributes.get("path", "")
    cookie = Cookie(
        name=name,
        value=value,
        domain=domain or url.host,
        host_only=not written.strip(".") or literal_address(url.host) is not None,
        path=path if path.startswith("/") else _default_path(url.path),
        expires_at=_expiry(attributes, now),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
    )
    return cookie if domain is not None and _is_allowed(cookie, url, attributes) else None


def _attributes(text: str) -> dict[str, str]:
    """The attributes by lower-case name; where one is repeated, the last counts (section 5.3)."""
    found = {}
    for each in text.split(";"):
        name, _, value = each.partition("=")
        found[name.strip(" \t").lower()] = value.strip(" \t")
    return found


def _domain(written: str, url: Url) -> str | None:
    """The domain of a cookie: None when ``url`` may not set one there."""
    name = written.removeprefix(".")
    if not name:
        return url.host
    try:
        domain = canonical_host(name)
    except EgressBlocked:
        return None
    if domain == url.host:
        return domain
    if literal_address(url.host) or not url.host.endswith(f".{domain}"):
        return None
    return None if is_public_suffix(domain) else domain


def _is_allowed(cookie: Cookie, url: Url, attributes: dict[str, str]) -> bool:
    """Whether the two prefixes, and TLS, allow it (rfc6265bis sections 5.7 and 4.1.3)."""
    name = cookie.name.lower()
    if cookie.secure and url.scheme != "https":
        return False
    if name.startswith("__secure-"):
        return cookie.secure
    if name.startswith("__host-"):
        whole = not attributes.get("domain") and attributes.get("path") == "/"
        return cookie.secure and whole
    return True


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/"


def _expiry(attributes: dict[str, str], now: datetime) -> datetime | None:
    seconds = attributes.get("max-age", "")
    if _SECONDS.fullmatch(seconds):
        span = min(int(seconds), LONGEST.total_seconds())
        return now + timedelta(seconds=span) if span > 0 else _LONG_AGO
    found = _parse_date(attributes.get("expires", ""))
    return found and min(found, now + LONGEST)


def _parse_date(text: str) -> datetime | None:
    """The instant that a cookie date means, in any of the forms that servers send."""
    time = day = month = year = None
    for token in _DELIMITERS.split(text):
        if time is None and (match := _TIME.fullmatch(token)):
            time = timedelta(hours=int(match[1]), minutes=int(match[2]), seconds=int(match[3]))
        elif day is None and (match := _DAY.fullmatch(token)):
            day = int(match[1])
        elif month is None and (place := _month(token)):
            month = place
        elif year is None and (match := _YEAR.fullmatch(token)):
            year = int(match[1])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    try:
        return datetime(year, month, day, tzinfo=UTC) + time if year >= 1601 else None
    except (ValueError, OverflowError):
        return None


def _month(token: str) -> int | None:
    at = _MONTHS.find(token[:3].lower()) if len(token) >= 3 else -1
    return None if at % 3 else at // 3 + 1


def _is_over(cookie: Cookie, now: datetime) -> bool:
    return cookie.expires_at is not None and cookie.expires_at <= now


def _goes_to(cookie: Cookie, url: Url, now: datetime) -> bool:
    if _is_over(cookie, now) or (cookie.secure and url.scheme != "https"):
        return False
    is_same_host = url.host == cookie.domain
    if not is_same_host and (cookie.host_only or not url.host.endswith(f".{cookie.domain}")):
        return False
    path = cookie.path
    if url.path == path:
        return True
    return url.path.startswith(path) and (path.endswith("/") or url.path[len(path)] == "/")

"""What went wrong on the way, in our words and without the URL, which may hold a token."""

from __future__ import annotations

from typing import Final

import aiohttp
from aiohttp.http_exceptions import LineTooLong

from grantline.errors import GrantlineError, LimitExceeded, TransportFailed
from grantline.url import Url

_MESSAGES: Final = {
    "connect": "{} could not be reached.",
    "tls": "{} did not prove who it is.",
    "timeout": "{} did not answer in time.",
    "disconnected": "{} closed the connection before it answered.",
    "malformed": "The answer of {} is not HTTP.",
    "truncated": "The answer of {} ended early.",
}
_HINTS: Final = {
    "tls": "Its certificate is expired, for another name, or from an authority that is not trusted "
    "here. A private authority can be added in the settings.",
}


def failed(host: str, check: str, *, sent: bool, detail: str = "") -> TransportFailed:
    """The failure called ``check`` of an exchange with ``host``."""
    return TransportFailed(
        _MESSAGES[check].format(host),
        check=check,
        sent=sent,
        hint=_HINTS.get(check, ""),
        detail=detail,
    )


def translated(error: Exception, url: Url) -> GrantlineError:
    """``error`` in our words. Its own text may quote the URL, so only its kind is kept."""
    detail = type(error).__name__
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return failed(url.host, "tls", sent=False, detail=detail)
        case aiohttp.ConnectionTimeoutError() | aiohttp.ClientConnectorError():
            return failed(url.host, "connect", sent=False, detail=detail)
        case TimeoutError():
            return failed(url.host, "timeout", sent=True, detail=detail)
        case aiohttp.ClientPayloadError():
            return failed(url.host, "truncated", sent=True, detail=detail)
        case aiohttp.ClientResponseError() if isinstance(error.__cause__, LineTooLong):
            return LimitExceeded("A header of the answer is too long.", limit="header_bytes")
        case aiohttp.ClientResponseError():
            return failed(url.host, "malformed", sent=True, detail=detail)
    return failed(url.host, "disconnected", sent=True, detail=detail)

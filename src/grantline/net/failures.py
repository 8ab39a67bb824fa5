"""What went wrong on the way, in our words and without the URL, which may hold a token."""

from __future__ import annotations

from typing import Final

import aiohttp

from grantline.errors import GrantlineError, LimitExceeded, TransportFailed

_MESSAGES: Final = {
    "connect": "{} could not be reached.",
    "tls": "{} did not prove who it is.",
    "timeout": "{} did not answer in time.",
    "disconnected": "{} closed the connection before it answered.",
    "malformed": "The answer of {} is not HTTP.",
    "truncated": "The answer of {} ended early.",
    "proxy": "The proxy did not open the way to {}.",
}
_HINTS: Final = {
    "connect": "Check the host name and the port, and that the service is up; then try again.",
    "timeout": "Try again, or give it a longer timeout.",
    "disconnected": "Try again; if it goes on, ask whoever runs the service.",
    "malformed": "Check that HTTP is served at this host and port.",
    "truncated": "Try again.",
    "tls": "Its certificate is expired, for another name, or from an authority that is not trusted "
    "here. A private authority can be added in the settings.",
    "proxy": "Check the proxy's address, its user name and password, and what it lets through.",
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


def translated(error: Exception, host: str) -> GrantlineError:
    """``error`` in our words. Its own text may quote the URL, so only its kind is kept."""
    detail = type(error).__name__
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return failed(host, "tls", sent=False, detail=detail)
        case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
            return failed(host, "proxy", sent=False, detail=detail)
        case aiohttp.ConnectionTimeoutError() | aiohttp.ClientConnectorError():
            return failed(host, "connect", sent=False, detail=detail)
        case TimeoutError():
            return failed(host, "timeout", sent=True, detail=detail)
        case aiohttp.ClientPayloadError():
            return failed(host, "truncated", sent=True, detail=detail)
        # The parser names this by its text alone.
        case aiohttp.ClientResponseError() if error.message.startswith("Got more than "):
            return headers_too_large()
        case aiohttp.ClientResponseError():
            return failed(host, "malformed", sent=True, detail=detail)
    return failed(host, "disconnected", sent=True, detail=detail)


def headers_too_large() -> LimitExceeded:
    """The refusal of an answer whose header section is over the limit."""
    return LimitExceeded("The headers of the answer are too large.", limit="header_bytes")

"""Which methods, header names and header values may be sent (RFC 9110 sections 5 and 9)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

from grantline.errors import EgressBlocked

AUTHORIZATION: Final = frozenset({"authorization"})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 9110 section 5.5, without its obs-text: bytes above 127 have no agreed meaning.
_VALUE = re.compile(r"[\t\x20-\x7e]*")
_USUAL_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_METHOD = re.compile(r"[A-Z][A-Z0-9_-]{0,31}")
# CONNECT opens tunnels; TRACE and TRACK echo the credentials.
_REFUSED_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})

# Framing and hop-by-hop fields belong to the transport (RFC 9110 section 7.6.1, RFC 9112
# section 6): who sets them decides where a request ends, or what a proxy strips from it.
_FRAMING: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "http2-settings",
        "keep-alive",
        "te",  # codespell:ignore te
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Metadata services ask for these to know that a request was meant for them.
_METADATA: Final = frozenset(
    {
        "metadata",
        "metadata-flavor",
        "x-aws-ec2-metadata-token",
        "x-aws-ec2-metadata-token-ttl-seconds",
        "x-google-metadata-request",
        "x-metadata-token",
    }
)
_RESERVED: Final = _FRAMING | _METADATA


def check_method(method: str) -> None:
    """Refuse what is no plain upper-case method, and methods that defeat the other checks.

    Raises:
        EgressBlocked: ``method``.
    """
    if method in _USUAL_METHODS:
        return
    if not _METHOD.fullmatch(method) or method in _REFUSED_METHODS:
        raise EgressBlocked(
            "This HTTP method may not be used.",
            rule="method",
            hint="Use an upper-case method such as GET, POST, PUT, PATCH or DELETE.",
        )


def check_headers(
    headers: Iterable[tuple[str, str]], *, placed: Collection[str] = AUTHORIZATION
) -> None:
    """Refuse headers that are malformed, that belong to the transport, or that hold a credential.

    Args:
        headers: The headers that a person or a scenario gave.
        placed: Lower-case names of the headers that the connection itself places.

    Raises:
        EgressBlocked: ``header_name``, ``header_value``, ``reserved_header`` or
            ``credential_conflict``.
    """
    for name, value in headers:
        check_header(name, value)
        if name.lower() in placed:
            raise EgressBlocked(
                f"The header {name} is placed by the connection.",
                rule="credential_conflict",
                address=name,
                hint="Remove the header, or make the request without a connection.",
            )


def check_header(name: str, value: str) -> None:
    """Refuse one header that no request may carry, whoever wrote it; raises as `check_all`."""
    check_all(((name, value),))


def check_all(headers: Iterable[tuple[str, str]]) -> None:
    """Refuse headers that no request may carry, whoever wrote them.

    Raises:
        EgressBlocked: ``header_name``, ``header_value`` or ``reserved_header``.
    """
    for name, value in headers:
        _check_name(name)
        # The pattern is for tabs; nearly every value passes the two cheap tests.
        if not (value.isascii() and value.isprintable()) and not _VALUE.fullmatch(value):
            raise EgressBlocked(
                f"The value of the header {name} contains a line break, a control character or "
                "a character outside ASCII.",
                rule="header_value",
                address=name,
                hint="Encode the value as the service documents it.",
            )


# Cached because the same few names come with every request.
@lru_cache(maxsize=1024)
def _check_name(name: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise EgressBlocked(
            "A header name contains a blank or another character that is not allowed in names.",
            rule="header_name",
            hint="Use letters, digits and hyphens.",
        )
    lower = name.lower()
    if lower in _RESERVED or lower.startswith("proxy-"):
        raise EgressBlocked(
            f"The header {name} may not be set by hand.",
            rule="reserved_header",
            address=name,
            hint="Remove it; the transport sets what the connection needs.",
        )

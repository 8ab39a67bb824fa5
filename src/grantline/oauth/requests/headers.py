"""The headers of a request to an OAuth endpoint: our defaults, and what people add to them."""

from __future__ import annotations

import re
from typing import Final

from grantline.errors import InvalidInput
from grantline.messages import Headers, first_value

CUSTOM_HEADERS: Final = "Custom headers"

# What frames the message or routes it belongs to the transport (RFC 9110 sections 7.2, 7.6.1,
# RFC 9112 section 6); a proof of possession is made per request (RFC 9449).
RESERVED: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"}
    | {"te", "trailer", "expect", "proxy-authorization", "proxy-connection", "dpop"}
)

_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|")


def with_custom_headers(own: Headers, custom: Headers) -> Headers:
    """``own`` with ``custom`` over it: a header that people set replaces ours of that name.

    Raises:
        InvalidInput: A name or value that is not one header, a reserved name, or one given twice.
    """
    check_headers(custom)
    return (*((n, v) for n, v in own if first_value(custom, n) is None), *custom)


def check_headers(custom: Headers) -> None:
    """Refuse custom headers that would smuggle, break the framing, or contradict each other."""
    seen: set[str] = set()
    for name, value in custom:
        lowered = name.lower()
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                "Custom headers has a name with characters a header name cannot have.",
                field=CUSTOM_HEADERS,
                hint="Write the name alone, without a colon or blanks.",
            )
        if lowered in RESERVED:
            raise InvalidInput(
                f"Custom headers sets “{name}”, which Grantline sets itself.",
                field=CUSTOM_HEADERS,
                hint="Remove it there.",
            )
        if not _VALUE.fullmatch(value):
            raise InvalidInput(
                f"The custom header “{name}” has a value with a line break, a control or "
                "non-ASCII character, or blanks at an end.",
                field=CUSTOM_HEADERS,
            )
        if lowered in seen:
            raise InvalidInput(f"Custom headers sets “{name}” twice.", field=CUSTOM_HEADERS)
        seen.add(lowered)

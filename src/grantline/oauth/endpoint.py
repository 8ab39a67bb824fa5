"""Which URIs may serve as OAuth endpoints."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from grantline.errors import InvalidInput

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|[\\<>\"^`{|}]")


def check_endpoint(uri: str, *, field: str) -> None:
    """Refuse a URI that is no place to send people or secrets to.

    It must be absolute, https (http on a loopback host), without a fragment (RFC 6749 section
    3.1) and without user information. So ``javascript:`` and ``data:`` never reach a browser.

    Raises:
        InvalidInput: Names ``field`` and what is wrong.
    """
    if not uri:
        raise InvalidInput(f"{field} is empty.", field=field)
    if _UNSAFE.search(uri):
        raise InvalidInput(f"{field} has characters that a URI cannot have.", field=field)
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidInput(f"{field} is not a URL.", field=field) from None
    if not host or parts.scheme not in {"https", "http"}:
        raise InvalidInput(
            f"{field} is not an https URL.", field=field, hint="It starts with https://."
        )
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise InvalidInput(
            f"{field} is not encrypted: it starts with http.",
            field=field,
            hint="Use https; http is for servers on this machine only.",
        )
    if "#" in uri:
        raise InvalidInput(f"{field} has a fragment (#...).", field=field, hint="Remove it.")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(f"{field} has a user name in front of the host.", field=field)

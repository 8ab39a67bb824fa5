"""Which URIs may serve as OAuth endpoints."""

from __future__ import annotations

from grantline.errors import EgressBlocked, InvalidInput
from grantline.url import Url, is_loopback_host, parse_endpoint


def endpoint_url(uri: str, *, field: str) -> Url:
    """The URL that ``uri`` is, if people and secrets may be sent there (RFC 6749 section 3.1).

    It is absolute, https (http on this machine only), without a fragment and without a user
    name; so ``javascript:`` and ``data:`` never reach a browser.

    Raises:
        InvalidInput: Names ``field`` and what is wrong.
    """
    if not uri:
        raise InvalidInput(
            f"{field} is empty.", field=field, hint="The documentation of the service names it."
        )
    try:
        url = parse_endpoint(uri)
    except EgressBlocked as error:
        raise InvalidInput(
            f"{field} cannot be used. {error.message}", field=field, hint=error.hint
        ) from None
    if url.scheme == "http" and not is_loopback_host(url.host):
        raise InvalidInput(
            f"{field} is not encrypted: it begins with http.",
            field=field,
            hint="Use https; http is for servers on this machine only.",
        )
    return url

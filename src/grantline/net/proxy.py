"""HTTP proxies: read from a setting, checked like any other place, told no more than they need.

A proxy resolves names for us, so what stands behind a name is the proxy's to check; URLs and
literal addresses are still checked here. Requests for https go through a tunnel (RFC 9110 section
9.3.6) that the proxy cannot look into; requests for http are laid open to it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote, urlsplit

from yarl import URL

from grantline.errors import EgressBlocked, InvalidInput
from grantline.messages import Headers, Proxy
from grantline.net.guard import EgressPolicy, HostSet, check_url
from grantline.secret import Secret
from grantline.url import Url, parse_url

AUTHORIZATION: Final = "Proxy-Authorization"


def parse_proxy(text: str, *, field: str) -> Proxy:
    """The proxy that ``http://user:password@host:port`` means; user and password may be missing.

    Raises:
        InvalidInput: It means none; ``field`` is what the text was written into.
    """
    try:
        parts = urlsplit(text.strip())
        bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        url = _proxy_url(bare)
        if url.path != "/" or parts.query or parts.fragment:
            raise ValueError
        username, password = unquote(parts.username or ""), unquote(parts.password or "")
        if ":" in username or not f"{username}{password}x".isprintable():
            raise ValueError
    except (ValueError, EgressBlocked):
        raise InvalidInput(
            "The proxy is not of the form http://host:port.",
            field=field,
            hint="User and password may stand before the host: http://user:password@host:port; "
            "in them, write : as %3A, @ as %40 and / as %2F.",
        ) from None
    return Proxy(url.origin, username, Secret(password))


@dataclass(frozen=True, slots=True)
class Way:
    """A proxy as requests use it.

    Attributes:
        url: Of the proxy.
        host: Of the proxy: what is looked up and dialled.
        authorization: For the proxy alone; None when it asks for none.
    """

    url: URL
    host: str
    authorization: Secret | None = None

    @property
    def headers(self) -> Headers:
        """For the proxy: with the request that opens a tunnel, or with one that it sends on."""
        return ((AUTHORIZATION, self.authorization.reveal()),) if self.authorization else ()


def way_through(proxy: Proxy, policy: EgressPolicy) -> Way:
    """The way through ``proxy``.

    Raises:
        EgressBlocked: The proxy is at a place that may not be reached.
    """
    url = _proxy_url(proxy.url)
    # The proxy itself is always spoken to in the clear; what is sent through it is checked apart.
    check_url(replace(url, scheme="https", port=url.effective_port), policy)
    authorization = None
    if proxy.username:
        pair = f"{proxy.username}:{proxy.password.reveal()}".encode()
        authorization = Secret(f"Basic {base64.b64encode(pair).decode()}")
    return Way(URL(url.origin, encoded=True), url.host, authorization)


def reaching(proxy: Proxy, policy: EgressPolicy) -> EgressPolicy:
    """``policy``, and the operator's own ``proxy``: who names it there means it."""
    host = _proxy_url(proxy.url).host
    own = HostSet.parse((host,), setting="GRANTLINE_PROXY")
    allowed = HostSet(policy.allowed.names | own.names, (*policy.allowed.networks, *own.networks))
    return replace(policy, allowed=allowed)


def _proxy_url(text: str) -> Url:
    url = parse_url(text)
    if url.scheme != "http":
        raise EgressBlocked(
            "A proxy is spoken to over plain http.",
            rule="scheme",
            address=url.host,
            hint="Write http://host:port; requests for https stay encrypted through it.",
        )
    return url

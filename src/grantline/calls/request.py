"""What to ask a service for: a request as a person writes it, before any token is on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from grantline.calls.attempts.retry import RetryPolicy
from grantline.calls.bodies.compression import compressed
from grantline.calls.bodies.content import Content
from grantline.calls.bodies.upload import Upload
from grantline.calls.pagination import Pagination
from grantline.calls.query import REPEAT, ArrayStyle, Pairs, encode_query
from grantline.calls.statuses import Statuses
from grantline.calls.target import join_target
from grantline.errors import InvalidInput
from grantline.messages import (
    DIRECT,
    AddressFamily,
    Headers,
    HttpRequest,
    Route,
    Source,
    TlsVersion,
    first_value,
)
from grantline.url import parse_url
from grantline.version import USER_AGENT

DEFAULT_HEADERS: Final[Headers] = (
    ("Accept", "*/*"),
    ("User-Agent", USER_AGENT),
)
# By the name that is compared, worked out once: every request passes here.
_DEFAULTS: Final = tuple((name.lower(), (name, value)) for name, value in DEFAULT_HEADERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSpec:
    """One request of *Make a request*.

    Attributes:
        url: Absolute, or relative to the connection's base URL.
        headers: In order, repeated names allowed.
        query: Added behind the query that ``url`` has.
        array_style: How a name of ``query`` that has several values is written.
        content: The body; None for none.
        compress: Sends the body in gzip coding.
        accept_compressed: Off asks for an answer without content coding.
        follow_redirects: Off shows the 3xx answer itself.
        timeout: For the whole exchange; None means the transport's own limit.
        connect_timeout: For reaching the service, the TLS handshake included; None likewise.
        minimum_tls: The oldest TLS that is spoken.
        address_family: Which addresses of a host may be dialled.
        parse_response: Off leaves the data of the answer as it came.
        fail_on: Statuses that make an error of an answer.
        retry: When to send it again; None for never.
        pagination: How to get the pages that follow; None for one request.
    """

    method: str = "GET"
    url: str
    headers: Headers = ()
    query: Pairs = ()
    array_style: ArrayStyle = REPEAT
    content: Content | None = None
    compress: bool = False
    accept_compressed: bool = True
    follow_redirects: bool = True
    timeout: timedelta | None = None
    connect_timeout: timedelta | None = None
    minimum_tls: TlsVersion = TlsVersion.TLS_1_2
    address_family: AddressFamily = AddressFamily.ANY
    parse_response: bool = True
    fail_on: Statuses = ()
    retry: RetryPolicy | None = None
    pagination: Pagination | None = None


def build_request(
    spec: RequestSpec, *, base_url: str, upload: Upload | None = None, route: Route = DIRECT
) -> HttpRequest:
    """The request that ``spec`` describes, complete but for the token.

    Args:
        spec: What a person wrote.
        base_url: Of the connection, for relative URLs.
        upload: A body that takes the place of the content of ``spec``.
        route: How the request travels.

    Raises:
        EgressBlocked: The URL may not be used; names the rule. Method and headers are the
            transport's to check, with everything else that leaves.
        InvalidInput: The body is to be compressed and says that it is already.
    """
    url = request_url(spec, base_url=base_url)
    headers = spec.headers
    body: bytes | Source = b""
    kind = ""
    if upload is not None:
        body, kind = upload.source, upload.media_type
    elif spec.content is not None:
        body, kind = spec.content.data, spec.content.media_type
    if kind and first_value(headers, "Content-Type") is None:
        headers = (*headers, ("Content-Type", kind))
    if spec.compress and body:
        if first_value(headers, "Content-Encoding") is not None:
            raise InvalidInput(
                "The body has a Content-Encoding already.",
                field="compress",
                hint="Remove the header, or send the body as it is.",
            )
        body = compressed(body)
        headers = (*headers, ("Content-Encoding", "gzip"))
    if spec.minimum_tls is not DIRECT.minimum_tls:
        route = replace(route, minimum_tls=spec.minimum_tls)
    if spec.address_family is not DIRECT.address_family:
        route = replace(route, address_family=spec.address_family)
    given = [name.lower() for name, _ in headers]
    missing = [pair for name, pair in _DEFAULTS if name not in given]
    if not spec.accept_compressed and "accept-encoding" not in given:
        missing.append(("Accept-Encoding", "identity"))
    return HttpRequest(spec.method, url, (*missing, *headers), body, route)


def request_url(spec: RequestSpec, *, base_url: str) -> str:
    """The whole URL of ``spec``, its query included; raises ``EgressBlocked``."""
    url = join_target(base_url, spec.url)
    if not spec.query:
        return url
    joiner = "&" if "?" in url else "?"
    return str(parse_url(f"{url}{joiner}{encode_query(spec.query, spec.array_style)}"))

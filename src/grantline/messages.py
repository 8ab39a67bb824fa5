"""HTTP requests and responses as plain values: what flows yield, and what transports carry.

Nothing here knows a socket. Both values keep headers as a tuple of pairs in the order they were
given, because repeated headers and their order matter to some services. Their reprs show neither
bodies nor header values nor queries, so a traceback or a log line cannot leak a token.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, Protocol

from grantline.secret import Secret

Headers = tuple[tuple[str, str], ...]
_NO_PASSWORD: Final = Secret("")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client's certificate chain and private key, both PEM, for mutual TLS (RFC 8705)."""

    certificate_pem: str
    private_key_pem: Secret


class Source(Protocol):
    """A body that is read while it is sent, and is never in memory whole.

    1. ``chunks`` gives the bytes in order, and exactly ``size`` of them where that is known.
    2. ``chunks`` may be called again, for the same bytes, only where ``replayable`` says so.
    """

    @property
    def size(self) -> int | None:
        """How many bytes there are; None when that shows only at the end."""

    @property
    def replayable(self) -> bool:
        """Whether the bytes can be had again, for a request that has to be sent once more."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes, piece by piece."""


class AddressFamily(StrEnum):
    """Which addresses of a host may be dialled."""

    ANY = "any"
    IPV4 = "ipv4"
    IPV6 = "ipv6"


class TlsVersion(StrEnum):
    """The oldest TLS that is spoken; nothing below 1.2 is (RFC 8996)."""

    TLS_1_2 = "1.2"
    TLS_1_3 = "1.3"


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, and who we are to it.

    Attributes:
        url: ``http://host:port``; without a user name and password.
        username: Empty for a proxy that asks for none.
        password: Shown to the proxy, and to nobody behind it.
    """

    url: str
    username: str = ""
    password: Secret = _NO_PASSWORD


@dataclass(frozen=True, slots=True)
class Route:
    """How a request travels, where that is not as every request of this installation does.

    Attributes:
        client_certificate: Presented on the TLS handshake when the server asks for one.
        ca_pem: Certificate authorities to trust besides those trusted anyway, PEM.
        minimum_tls: The oldest TLS that is spoken.
        proxy: Goes through this proxy.
        address_family: Which addresses of a host may be dialled.
    """

    client_certificate: ClientCertificate | None = None
    ca_pem: str = ""
    minimum_tls: TlsVersion = TlsVersion.TLS_1_2
    proxy: Proxy | None = None
    address_family: AddressFamily = AddressFamily.ANY


DIRECT: Final = Route()


@dataclass(frozen=True, slots=True, repr=False, init=False)
class HttpRequest:
    """One HTTP request, complete: the transport adds only what the connection itself needs.

    Attributes:
        method: An upper-case HTTP method.
        url: An absolute http(s) URL.
        headers: Pairs in order; names keep their spelling.
        body: What to send, in memory or read on the way; empty for none.
        route: How it travels.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes | Source = b""
    route: Route = DIRECT

    def __init__(
        self,
        method: str,
        url: str,
        headers: Headers = (),
        body: bytes | Source = b"",
        route: Route = DIRECT,
    ) -> None:
        # Every request makes two, and what a frozen class has for this takes twice as long.
        _put_method(self, method)
        _put_url(self, url)
        _put_headers(self, headers)
        _put_body(self, body)
        _put_route(self, route)

    def header(self, name: str) -> str | None:
        """The first value of header ``name``, compared without case; None when absent."""
        return first_value(self.headers, name)

    @property
    def data(self) -> bytes:
        """The body where it is in memory; empty for one that is read on the way."""
        return self.body if isinstance(self.body, bytes) else b""

    @property
    def replayable(self) -> bool:
        """Whether it can be sent once more."""
        return isinstance(self.body, bytes) or self.body.replayable

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self.headers)
        url = self.url.partition("?")[0]
        size = len(self.body) if isinstance(self.body, bytes) else self.body.size
        return f"HttpRequest({self.method} {url} headers=[{names}] body={size}B)"


_put_method, _put_url, _put_headers, _put_body, _put_route = (
    vars(HttpRequest)[each.name].__set__ for each in fields(HttpRequest)
)


# Not frozen, as requests are: there what was checked must be what is sent, and nothing hangs on an
# answer. To make a frozen value takes several times as long, and every request makes an answer.
@dataclass(slots=True, repr=False)
class HttpResponse:
    """One HTTP answer, body decoded from its content coding and held in memory.

    Attributes:
        status: The HTTP status code.
        headers: Pairs in the order received; names in lower case.
        body: The decoded bytes.
        url: The URL that answered.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    url: str = ""

    @property
    def head(self) -> HttpResponse:
        """The answer as far as it does not depend on how its body is read: this."""
        return self

    def header(self, name: str) -> str | None:
        """The first value of header ``name``, compared without case; None when absent."""
        return first_value(self.headers, name)

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every value of header ``name``, in the order received."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def __repr__(self) -> str:
        return f"HttpResponse({self.status} body={len(self.body)}B)"


@dataclass(frozen=True, slots=True, repr=False)
class StreamedResponse:
    """One HTTP answer whose body arrives while it is read.

    Attributes:
        status: The HTTP status code.
        headers: Pairs in the order received; names in lower case.
        chunks: The decoded body, piece by piece; it can be read once.
        url: The URL that answered.
    """

    status: int
    headers: Headers
    chunks: AsyncIterator[bytes]
    url: str = ""

    def header(self, name: str) -> str | None:
        """The first value of header ``name``, compared without case; None when absent."""
        return first_value(self.headers, name)

    @property
    def head(self) -> HttpResponse:
        """The answer without its body."""
        return HttpResponse(self.status, self.headers, url=self.url)

    def __repr__(self) -> str:
        return f"StreamedResponse({self.status})"


def first_value(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of header ``name`` among ``headers``, compared without case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def json_body(value: Any) -> bytes:
    """``value`` as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

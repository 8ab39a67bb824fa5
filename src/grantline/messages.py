"""HTTP requests and responses as plain values: what flows yield, and what transports carry.

Nothing here knows a socket. Both values keep headers as a tuple of pairs in the order they were
given, because repeated headers and their order matter to some services. Their reprs show neither
bodies nor header values nor queries, so a traceback or a log line cannot leak a token.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from grantline.secret import Secret

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client's certificate chain and private key, both PEM, for mutual TLS (RFC 8705)."""

    certificate_pem: str
    private_key_pem: Secret


@dataclass(frozen=True, slots=True, repr=False)
class HttpRequest:
    """One HTTP request, complete: the transport adds only what the connection itself needs.

    Attributes:
        method: An upper-case HTTP method.
        url: An absolute http(s) URL.
        headers: Pairs in order; names keep their spelling.
        body: The bytes to send; empty for none.
        client_certificate: Presented on the TLS handshake when set.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    client_certificate: ClientCertificate | None = field(default=None)

    def header(self, name: str) -> str | None:
        """The first value of header ``name``, compared without case; None when absent."""
        return first_value(self.headers, name)

    def __repr__(self) -> str:
        names = ", ".join(name for name, _ in self.headers)
        url = self.url.partition("?")[0]
        return f"HttpRequest({self.method} {url} headers=[{names}] body={len(self.body)}B)"


@dataclass(frozen=True, slots=True, repr=False)
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

    def header(self, name: str) -> str | None:
        """The first value of header ``name``, compared without case; None when absent."""
        return first_value(self.headers, name)

    def header_all(self, name: str) -> tuple[str, ...]:
        """Every value of header ``name``, in the order received."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def __repr__(self) -> str:
        return f"HttpResponse({self.status} body={len(self.body)}B)"


def first_value(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """The first value of header ``name`` among ``headers``, compared without case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def json_body(value: Any) -> bytes:
    """``value`` as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

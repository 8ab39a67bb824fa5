"""One request as the server saw it, and the answer it decided on: plain values, no sockets."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

Pairs = tuple[tuple[str, str], ...]


class Endpoint(StrEnum):
    """The places a request can arrive at; tests hold, script and count by these names."""

    METADATA = "metadata"
    JWKS = "jwks"
    AUTHORIZE = "authorize"
    TOKEN = "token"
    DEVICE_AUTHORIZATION = "device_authorization"
    DEVICE = "device"
    REVOKE = "revoke"
    INTROSPECT = "introspect"
    PAR = "par"
    REGISTER = "register"
    API = "api"
    SECOND_ORIGIN = "second_origin"
    CONTROL = "control"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, repr=False)
class Incoming:
    """A request, complete.

    Attributes:
        endpoint: Where it arrived.
        at: When, on the server's clock.
        method: The HTTP method.
        origin: Scheme, host and port it was sent to.
        path: Without the query.
        query: Decoded pairs of the query.
        headers: Pairs as received.
        body: The bytes.
    """

    endpoint: Endpoint
    at: datetime
    method: str
    origin: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""

    @property
    def url(self) -> str:
        """The URL without its query, as a DPoP proof names it (RFC 9449 section 4.2)."""
        return self.origin + self.path

    def header(self, name: str) -> str:
        """The first value of header ``name``, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def content_type(self) -> str:
        """The media type of the body in lower case, without parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the body claims to be JSON."""
        return self.content_type == "application/json"

    @property
    def form(self) -> Pairs:
        """The parameters in the body, whether it is a form or a JSON object; else none."""
        text = self.body.decode("utf-8", "replace")
        if self.content_type == "application/x-www-form-urlencoded":
            return tuple(parse_qsl(text, keep_blank_values=True))
        if not self.is_json:
            return ()
        try:
            # Pairs as written, so that a doubled name in JSON is as visible as in a form.
            pairs = json.loads(text, object_pairs_hook=tuple)
        except ValueError:
            return ()
        if not isinstance(pairs, tuple):
            return ()
        return tuple((str(one[0]), str(one[1])) for one in pairs if isinstance(one, tuple))

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of query and body by name; an empty value counts as absent (RFC 6749 3.1)."""
        return {name: value for name, value in (*self.query, *self.form) if value}

    @property
    def basic_credentials(self) -> tuple[str, str] | None:
        """User and password of HTTP Basic as base64 holds them, still form-encoded if they were."""
        scheme, _, encoded = self.header("Authorization").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        return user, password

    def __repr__(self) -> str:
        return f"Incoming({self.method} at {self.endpoint})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says; a fault may still keep it from arriving."""

    status: int = 200
    body: bytes = b""
    headers: Pairs = ()

    @classmethod
    def json(cls, value: Mapping[str, Any], *, status: int = 200, headers: Pairs = ()) -> Answer:
        """``value`` as JSON that nobody may cache (RFC 6749 section 5.1)."""
        body = json.dumps(value, ensure_ascii=False).encode()
        fixed = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))
        return cls(status, body, (*fixed, *headers))

    @classmethod
    def html(cls, page: str, *, status: int = 200) -> Answer:
        """``page``, which nobody may frame or cache."""
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "frame-ancestors 'none'"),
            ("Referrer-Policy", "no-referrer"),
        )
        return cls(status, page.encode(), headers)

    @classmethod
    def redirect(cls, location: str) -> Answer:
        """A 303, which never repeats a form at its target (RFC 9700 section 4.12)."""
        return cls(303, b"", (("Location", location), ("Cache-Control", "no-store")))

    def with_headers(self, *headers: tuple[str, str]) -> Answer:
        """The same answer with more headers."""
        return Answer(self.status, self.body, (*self.headers, *headers))


class Refusal(Exception):
    """A request refused with an OAuth error (RFC 6749 section 5.2)."""

    def __init__(
        self, error: str, description: str = "", *, status: int = 400, headers: Pairs = ()
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.headers = headers

    def answer(self) -> Answer:
        """The refusal as the endpoint says it."""
        value = {"error": self.error, "error_description": self.description}
        return Answer.json(value, status=self.status, headers=self.headers)

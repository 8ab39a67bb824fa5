"""A request that came in, read as a server reads it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl, urlsplit

from grantline.messages import HttpRequest


@dataclass(frozen=True, slots=True)
class Received:
    """A request, taken apart.

    Attributes:
        method: Its HTTP method.
        url: Without query.
        query: The parameters of the URL.
        body: The parameters of the body, whatever its format.
        format: ``form``, ``json``, ``multipart``; empty without a body.
        headers: By lower-case name.
    """

    method: str
    url: str
    query: Mapping[str, str]
    body: Mapping[str, str]
    format: str
    headers: Mapping[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """Those of the URL and of the body."""
        return {**self.query, **self.body}

    @property
    def basic(self) -> tuple[str, str] | None:
        """User name and password of a Basic header; None when there is none."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        name, _, word = base64.b64decode(value).decode().partition(":")
        return name, word


def received(request: HttpRequest) -> Received:
    """``request`` as a server sees it."""
    url, _, query = request.url.partition("?")
    headers = {name.lower(): value for name, value in request.headers}
    kind, body = _body(headers.get("content-type", ""), request.data)
    return Received(
        method=str(request.method),
        url=url,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        body=body,
        format=kind,
        headers=headers,
    )


def origin_and_path(uri: str) -> str:
    """``uri`` without query and fragment, an empty path as ``/``: what requests are told by."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"


def _body(content_type: str, data: bytes) -> tuple[str, dict[str, str]]:
    media_type = content_type.partition(";")[0]
    if not data:
        return "", {}
    if media_type == "application/x-www-form-urlencoded":
        return "form", dict(parse_qsl(data.decode(), keep_blank_values=True))
    if media_type == "application/json":
        told = json.loads(data)
        pairs = told.items() if isinstance(told, dict) else ()
        return "json", {name: str(value) for name, value in pairs}
    if media_type == "multipart/form-data":
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        message = BytesParser(policy=HTTP).parsebytes(head + data)
        return "multipart", {
            str(part.get_param("name", header="content-disposition")): str(part.get_content())
            for part in message.iter_parts()
        }
    return media_type, {}

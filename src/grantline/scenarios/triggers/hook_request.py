"""What a request to a webhook brings into a run: ``{{ trigger.body.id }}``, its query and headers.

The body is read as the body of a service's answer is, and forms besides, because many senders post
those. Headers that usually hold a credential stay outside: a run needs none of them, and its
bundles are shown to whoever may look at it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from grantline.calls.credential import is_credential_header
from grantline.calls.structures.parsing import parse_data
from grantline.messages import Headers, first_value
from grantline.scenarios.triggers.hook_form import Field, form_fields

MOST_BODY_BYTES: Final = 1024 * 1024
MOST_FIELDS: Final = 1000
_FORM: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class HookRequest:
    """A request to a webhook, whole.

    Attributes:
        query: Without the question mark.
        headers: As received; repeated ones are several pairs.
        body: At most ``MOST_BODY_BYTES``.
    """

    method: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""


def trigger_of(request: HookRequest, *, received_at: datetime, besides: str = "") -> dict[str, Any]:
    """The bundle that a run is started with: method, query, headers, body, received_at.

    Args:
        request: As it came.
        received_at: When it came.
        besides: A header that holds a secret, whatever its name sounds like.
    """
    return {
        "method": request.method,
        "query": _by_name(_pairs(request.query)),
        "headers": _headers(request.headers, besides.lower()),
        "body": _body(request),
        "received_at": received_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }


def _headers(headers: Headers, besides: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        if lower != besides and not is_credential_header(lower):
            found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found


def _body(request: HookRequest) -> Any:
    content_type = first_value(request.headers, "content-type") or ""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _FORM:
        text = request.body.decode("utf-8", "replace")
        return _by_name(_pairs(text))
    if kind == _MULTIPART:
        fields = form_fields(content_type, request.body, most=MOST_FIELDS)
        if fields is not None:
            return _by_name((each.name, _value(each)) for each in fields)
    data = parse_data(request.body, content_type)
    return _file(data, kind, "") if isinstance(data, bytes) else data


def _pairs(text: str) -> list[tuple[str, Any]]:
    try:
        return list(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return []


def _by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by name; a name that is repeated has a list."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _value(field: Field) -> Any:
    if field.text is not None:
        return field.text
    return _file(field.content, field.media_type, field.filename)


def _file(content: bytes, kind: str, name: str) -> dict[str, Any]:
    """Bytes as JSON can hold them."""
    return {
        "name": name,
        "media_type": kind or "application/octet-stream",
        "size": len(content),
        "base64": base64.b64encode(content).decode(),
    }

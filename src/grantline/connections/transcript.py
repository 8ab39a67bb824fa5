"""What was said between us and an authorization server, fit to be shown to a stranger.

The rule is a list of names whose values may be seen; everything else is masked. So a parameter
that some service invents tomorrow is masked as well. What was masked on the way out is also looked
for in the answer, because servers quote what they were sent. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qsl

from grantline.calls.bodies.content import FORM_TYPE
from grantline.connections.requests.redaction import Redactor
from grantline.errors import GrantlineError
from grantline.messages import Headers, HttpRequest, HttpResponse, first_value
from grantline.secret import REDACTED, Secret

LONGEST_VALUE: Final = 500
LONGEST_BODY: Final = 64 * 1024
# Each is looked for in every other; no answer of an authorization server has as many.
MOST_FIELDS: Final = 200
# Shorter ones ("true", "S256") are in many texts by chance.
SHORTEST_QUOTED: Final = 8

_SHOWN: Final = frozenset(
    {
        *("grant_type", "response_type", "response_mode", "token_type", "token_type_hint"),
        *("scope", "scopes", "audience", "resource", "redirect_uri", "iss", "active"),
        *("code_challenge_method", "client_assertion_type", "requested_token_type"),
        *("prompt", "access_type", "token_access_type", "duration", "approval_prompt", "display"),
        *("error", "error_code", "error_description", "error_message", "error_uri", "message"),
        *("expires_in", "expires_at", "expires", "expires_on", "ext_expires_in", "interval"),
        *("refresh_token_expires_in", "refresh_expires_in", "created_at", "issued_at"),
        *("verification_uri", "verification_url", "ok", "success", "status", "trace_id"),
        *("correlation_id", "request_id", "timestamp"),
    }
)
_SHOWN_HEADERS: Final = frozenset(
    {
        *("accept", "cache-control", "content-length", "content-type", "date", "retry-after"),
        *("request-id", "server", "www-authenticate", "x-correlation-id", "x-ms-request-id"),
        *("x-request-id",),
    }
)
_HALF_SHOWN: Final = frozenset({"client_id", "client_key"})


class Step(StrEnum):
    """What an exchange was for."""

    AUTHORIZE = "authorize"
    CALLBACK = "callback"
    PUSH = "pushed_authorization"
    TOKEN = "token"
    REFRESH = "refresh"
    DEVICE = "device_authorization"
    DEVICE_TOKEN = "device_token"
    TOKEN_EXCHANGE = "token_exchange"
    REVOKE = "revoke"
    INTROSPECT = "introspect"
    KEYS = "jwks"
    IDENTITY = "identity"
    UPGRADE = "upgrade"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that was sent or received; ``where`` is query, header, form, json or body."""

    where: str
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One exchange, masked.

    Attributes:
        url: Without query.
        status: Of the answer; None when none came, or when a browser carried the message.
        error: Why no answer came.
    """

    at: datetime
    step: Step
    method: str
    url: str
    sent: tuple[Field, ...]
    status: int | None = None
    received: tuple[Field, ...] = ()
    duration: timedelta = timedelta(0)
    error: str = ""


def line_of(
    step: Step,
    request: HttpRequest,
    answer: HttpResponse | GrantlineError | None,
    *,
    at: datetime,
    duration: timedelta = timedelta(0),
    secrets: Iterable[Secret] = (),
) -> Line:
    """The line of one exchange; an ``answer`` of None is a message that a browser carried."""
    url, _, query = request.url.partition("#")[0].partition("?")
    asked = _pairs("query", parse_qsl(query, keep_blank_values=True))
    said = _first(asked, _headers(request.headers), _body(request.data, request.headers))
    status, error, heard = None, "", list[Field]()
    if isinstance(answer, HttpResponse):
        status = answer.status
        heard = _first(_headers(answer.headers), _body(answer.body, answer.headers))
    redactor = Redactor([*secrets, *_hidden(said), *_hidden(heard)])
    if isinstance(answer, GrantlineError):
        error = redactor.text(answer.message)
    return Line(
        at=at,
        step=step,
        method=request.method,
        url=redactor.text(url),
        sent=tuple(_masked(each, redactor) for each in said),
        status=status,
        received=tuple(_masked(each, redactor) for each in heard),
        duration=duration,
        error=error,
    )


def as_text(lines: Iterable[Line], *, title: str = "OAuth transcript") -> str:
    """The lines as a text file for a support ticket."""
    text = [f"{title}. Secrets are masked as {REDACTED}."]
    for line in lines:
        outcome = line.error or ("" if line.status is None else f"{line.status}")
        took = f" in {round(line.duration.total_seconds() * 1000)} ms" if outcome else ""
        arrow = f"  ->  {outcome}{took}" if outcome else ""
        text += [
            "",
            f"{line.at:%Y-%m-%d %H:%M:%S} UTC  {line.step}",
            f"{line.method} {line.url}{arrow}",
            *(f"  > {each.where} {each.name}: {each.value}" for each in line.sent),
            *(f"  < {each.where} {each.name}: {each.value}" for each in line.received),
        ]
    return "\n".join(text) + "\n"


def line_to_text(line: Line) -> str:
    """``line`` as JSON, to be sealed; its instant and step are columns of their own."""
    return json.dumps(
        {
            "method": line.method,
            "url": line.url,
            "sent": [[each.where, each.name, each.value] for each in line.sent],
            "status": line.status,
            "received": [[each.where, each.name, each.value] for each in line.received],
            "duration": line.duration.total_seconds(),
            "error": line.error,
        }
    )


def line_from_text(text: str, *, at: datetime, step: str) -> Line:
    """The line that ``line_to_text`` wrote."""
    plain = json.loads(text)
    return Line(
        at=at,
        step=Step(step),
        method=plain["method"],
        url=plain["url"],
        sent=tuple(Field(*each) for each in plain["sent"]),
        status=plain["status"],
        received=tuple(Field(*each) for each in plain["received"]),
        duration=timedelta(seconds=plain["duration"]),
        error=plain["error"],
    )


def _first(*groups: Iterator[Field]) -> list[Field]:
    """The fields, so many of each group as are kept."""
    return [each for group in groups for each in islice(group, MOST_FIELDS)]


def _hidden(fields: Iterable[Field]) -> set[Secret]:
    """What is masked in one place, to be masked wherever it is quoted."""
    return {
        Secret(part)
        for each in fields
        if not _is_shown(each)
        for part in each.value.split(" ")
        if len(part) >= SHORTEST_QUOTED
    }


def _masked(field: Field, redactor: Redactor) -> Field:
    name = redactor.text(field.name)[:LONGEST_VALUE]
    if _is_shown(field):
        value = redactor.text(field.value)
        shown = value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"
        return Field(field.where, name, shown)
    if _last(field.name) in _HALF_SHOWN and len(field.value) > 8:
        return Field(field.where, name, REDACTED + field.value[-4:])
    return Field(field.where, name, REDACTED if field.value else "")


def _is_shown(field: Field) -> bool:
    if field.where == "header":
        return field.name.lower() in _SHOWN_HEADERS
    return field.where == "body" or _last(field.name) in _SHOWN


def _last(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _pairs(where: str, pairs: Iterable[tuple[str, str]]) -> Iterator[Field]:
    return (Field(where, name, value) for name, value in pairs)


def _headers(headers: Headers) -> Iterator[Field]:
    return _pairs("header", headers)


def _body(body: bytes, headers: Headers) -> Iterator[Field]:
    """The fields of a body; of one that has none, only its type and length."""
    if not body:
        return
    kind = (first_value(headers, "Content-Type") or "").partition(";")[0].strip().lower()
    text = body.decode("utf-8", "replace") if len(body) <= LONGEST_BODY else ""
    if kind == FORM_TYPE:
        yield from _pairs("form", parse_qsl(text, keep_blank_values=True))
        return
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        plain = None
    if isinstance(plain, dict):
        yield from _flat(plain)
    else:
        yield Field("body", kind or "unknown type", f"{len(body)} bytes")


def _flat(plain: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[Field]:
    for name, value in plain.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and depth < 3:
            yield from _flat(value, f"{path}.", depth + 1)
        else:
            shown = value if isinstance(value, str) else json.dumps(value)
            yield Field("json", path, shown)

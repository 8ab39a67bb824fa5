"""What becomes of one module: what it was given, what it gives, and what is asked of the run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from grantline.calls.answers.response import Response
from grantline.calls.structures.json_values import load_json
from grantline.connections.requests.redaction import Redactor
from grantline.connections.requests.run_detail import KEPT_BYTES
from grantline.errors import (
    AuthorizationServerError,
    EgressBlocked,
    GrantlineError,
    InvalidInput,
    LimitExceeded,
    TemporarilyUnavailable,
    UpstreamError,
)
from grantline.messages import Headers

Bundle = dict[str, Any]
"""One JSON object: text, numbers, bools, None, lists and string-keyed dicts of those."""

# Error classes whose own name for the cause helps to find it.
_NAMED_CAUSES: Final = (
    (InvalidInput, "field"),
    (EgressBlocked, "rule"),
    (LimitExceeded, "limit"),
    (AuthorizationServerError, "error"),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """What a *Respond* module answers the caller of a webhook."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outcome:
    """What became of a module. What goes wrong is part of it, and is not raised.

    Attributes:
        output: The bundle that it gives; empty when it failed.
        input: What was filled in, as a person reads it later, secrets masked; as far as it came.
        error: Why it failed; None when it did not. The run decides by its class.
        failure: ``error`` as JSON, for the run's page.
        variables: What it sets, by name.
        wait: How long the run is to sleep before it goes on.
        answer: What the caller of the webhook is to be told.
    """

    output: Bundle = field(default_factory=dict)
    input: Bundle = field(default_factory=dict)
    error: GrantlineError | None = None
    failure: Bundle | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    wait: timedelta | None = None
    answer: Answer | None = None


def failed(error: GrantlineError, given: Bundle, redactor: Redactor) -> Outcome:
    """The outcome of a module that was given ``given`` and ended with ``error``, masked."""
    # Rows have both in the clear, for lists to show and to be searched by.
    error.message, error.hint = redactor.text(error.message), redactor.text(error.hint)
    return Outcome(input=given, error=error, failure=_failure_of(error, redactor))


def _failure_of(error: GrantlineError, redactor: Redactor) -> Bundle:
    """``error`` as JSON, secrets masked: ``code``, ``message`` and ``hint``, and what else it says.

    That is, where it is known: ``field``, ``rule``, ``limit``, ``line`` and ``column`` of an
    expression, ``retry_after_s``; of a service's answer ``status``, ``url``, ``service_message``
    and ``body`` with the beginning of it.
    """
    told: Bundle = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
    }
    told |= {name: getattr(error, name) for kind, name in _NAMED_CAUSES if isinstance(error, kind)}
    for name in ("line", "column"):
        if isinstance(number := getattr(error, name, None), int):
            told[name] = number
    if isinstance(error, TemporarilyUnavailable) and error.retry_after is not None:
        told["retry_after_s"] = error.retry_after.total_seconds()
    if isinstance(error, UpstreamError):
        told["service_message"] = redactor.text(error.service_message)
        if isinstance(error.response, Response):
            told |= _answered(error.response, redactor)
    return told


def _answered(response: Response, redactor: Redactor) -> Bundle:
    """What a service answered instead of what was asked for."""
    return {
        "status": response.status,
        "url": redactor.url(response.url),
        "body": {
            "text": redactor.head(response.content, KEPT_BYTES).decode("utf-8", "replace"),
            "media_type": response.header("content-type") or "",
            "size": response.size_bytes,
        },
    }


def shown(data: bytes, redactor: Redactor) -> Any:
    """The beginning of a body, secrets masked; the value of one that is JSON and short enough."""
    text = redactor.head(data, KEPT_BYTES).decode("utf-8", "replace")
    if 0 < len(data) <= KEPT_BYTES:
        with suppress(ValueError):
            return load_json(text)
    return text

"""Answers of the smaller endpoints (PAR, registration, introspection): fields, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from grantline.errors import InvalidResponse
from grantline.messages import HttpResponse
from grantline.oauth.body import parse_body
from grantline.oauth.error_codes import kind_of_code
from grantline.oauth.failure import Failure, FailureKind
from grantline.oauth.retry_after import retry_after


def answer_fields(response: HttpResponse, *, now: datetime) -> Mapping[str, Any]:
    """The fields of a successful ``response``.

    Raises:
        GrantlineError: The server refused, is busy, or said nothing that can be read; carries its
            ``Failure``.
    """
    try:
        fields: Mapping[str, Any] = parse_body(response).fields
    except InvalidResponse:
        if 200 <= response.status < 300:
            raise
        fields = {}
    error = fields.get("error")
    if 200 <= response.status < 300 and not error:
        return fields
    code = error if isinstance(error, str) and error else f"http_{response.status}"
    raise Failure(
        kind=_kind(response.status, code),
        error=code,
        description=_printable(fields.get("error_description")),
        status=response.status,
        retry_after=retry_after(response, now=now),
        may_retry=response.status >= 500 or response.status == 429,
    ).as_error()


def _kind(status: int, code: str) -> FailureKind:
    if status == 429 or status >= 500:
        return FailureKind.TRANSIENT
    if 300 <= status < 400:
        return FailureKind.REDIRECT
    return kind_of_code(code) or FailureKind.REQUEST


def _printable(text: object) -> str:
    if not isinstance(text, str):
        return ""
    return "".join(character for character in text if character.isprintable())[:500]

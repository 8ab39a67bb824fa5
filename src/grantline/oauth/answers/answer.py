"""Answers of the smaller endpoints (PAR, registration, introspection): fields, or a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from grantline.messages import HttpResponse
from grantline.oauth.answers.body import parse_body
from grantline.oauth.answers.error_answer import error_failure
from grantline.oauth.grant import GrantType


def answer_fields(response: HttpResponse, *, now: datetime) -> Mapping[str, Any]:
    """The fields of a successful ``response``.

    Raises:
        GrantlineError: The server refused, is busy, or said nothing that can be read; carries its
            ``Failure``.
    """
    # These endpoints know the client alone, as that grant does: no refusal of theirs can mean
    # that a person's authorization is dead.
    failure = error_failure(response, grant=GrantType.CLIENT_CREDENTIALS, now=now)
    if failure is not None:
        raise failure.as_error()
    return parse_body(response).fields

"""The implicit grant (RFC 6749 section 4.2): legacy, for services that have nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlencode

from grantline.messages import HttpResponse
from grantline.oauth.authorization.callback import (
    CallbackExpectation,
    journey_parameters,
    refuse_error,
)
from grantline.oauth.token_set import TokenSet
from grantline.oauth.tokens.token_response import Asked, parse_token_response

_JOURNEY: frozenset[str] = frozenset({"state", "iss", "session_state"})


def parse_implicit_response(
    fragment: str, expected: CallbackExpectation, asked: Asked, *, now: datetime
) -> TokenSet:
    """The tokens in the ``fragment`` of the redirect, the leading ``#`` optional.

    A server never sees the fragment: the callback page posts it back.

    Raises:
        CallbackRejected: The answer does not belong to the journey.
        GrantlineError: As ``parse_token_response``; the fragment is judged like any answer.
    """
    parameters = journey_parameters(fragment, expected)
    refuse_error(parameters)
    granted = {name: value for name, value in parameters.items() if name not in _JOURNEY}
    # The fields are those of section 5.1 in a form, so their reader is the same.
    answer = HttpResponse(200, body=urlencode(granted).encode())
    return parse_token_response(answer, replace(asked, held=None), now=now)

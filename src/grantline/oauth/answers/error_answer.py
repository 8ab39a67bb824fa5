"""What a refusal means: its code, then its status, then its words (RFC 6749 section 5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from grantline.errors import InvalidResponse
from grantline.messages import HttpResponse
from grantline.oauth.answers.body import Body, Notation, parse_body
from grantline.oauth.answers.error_codes import (
    is_general,
    kind_of_code,
    kind_of_number,
    kind_of_text,
    says_dead,
    says_throttled,
    spaced,
)
from grantline.oauth.answers.error_sign import ErrorSign, error_sign
from grantline.oauth.answers.failure import Failure, FailureKind
from grantline.oauth.answers.retry_after import retry_after
from grantline.oauth.grant import GrantType

MAX_TEXT: Final = 500

# Zoho names no time when it throttles, and counts over ten minutes: the longest documented window.
WORDED_THROTTLE_WAIT: Final = timedelta(minutes=10)

# What a status says of its own, when the body says nothing.
_STATUSES: Final[Mapping[int, FailureKind]] = {
    401: FailureKind.CLIENT_CONFIG,
    **dict.fromkeys((404, 405, 406, 410, 411, 413, 414, 415, 422), FailureKind.REQUEST),
}
_BUSY_STATUSES: Final = frozenset({408, 425, 429, 503})


def refusal(
    response: HttpResponse, body: Body, sign: ErrorSign, *, grant: GrantType, now: datetime
) -> Failure:
    """The classified error of an answer whose body could be read."""
    text = f"{sign.text} {spaced(sign.hints)} {sign.code}"[: 2 * MAX_TEXT].lower()
    wait = retry_after(response, now=now)
    kind = _kind(response.status, sign, text, grant)
    if kind is FailureKind.TRANSIENT and wait is None and response.status not in _BUSY_STATUSES:
        wait = WORDED_THROTTLE_WAIT if says_throttled(text) else None
    return Failure(
        kind=kind,
        error=printable(sign.code or _code_in(sign.text)) or f"http_{response.status}",
        description=printable(sign.text),
        uri=http_link(sign.uri),
        status=response.status,
        retry_after=wait if kind is FailureKind.TRANSIENT else None,
        may_retry=kind is FailureKind.TRANSIENT,
        extra={
            name: value
            for name, value in body.fields.items()
            if name not in {"error", "error_description", "error_uri"} and "token" not in name
        },
    )


def failure_from_status(
    response: HttpResponse, *, grant: GrantType, now: datetime, error: str = ""
) -> Failure:
    """The failure of an answer that says nothing but its status: an empty body, an HTML page."""
    status = response.status
    kind = _STATUSES.get(status, FailureKind.BAD_RESPONSE)
    if status in _BUSY_STATUSES:
        kind = FailureKind.TRANSIENT
    elif status >= 500:
        kind = settled(FailureKind.AMBIGUOUS, grant)
    transient = kind is FailureKind.TRANSIENT
    return Failure(
        kind=kind,
        error=error or f"http_{status}",
        status=status,
        retry_after=retry_after(response, now=now) if transient else None,
        may_retry=transient,
    )


def error_failure(response: HttpResponse, *, grant: GrantType, now: datetime) -> Failure | None:
    """The failure that ``response`` speaks of, by its body or its status; None for a success.

    For endpoints whose success needs no body, such as revocation. A redirect is a failure.
    """
    moved = redirect_failure(response)
    if moved is not None:
        return moved
    try:
        body = parse_body(response)
    except InvalidResponse:
        body = Body({}, Notation.JSON)
    sign = error_sign(body.fields, status=response.status, has_token=False)
    if sign is not None and body.fields:
        return refusal(response, body, sign, grant=grant, now=now)
    if response.status >= 300:
        return failure_from_status(response, grant=grant, now=now)
    return None


def redirect_failure(response: HttpResponse) -> Failure | None:
    """Why a redirect is not followed: a token request holds the code and the client's secret."""
    if not 300 <= response.status < 400:
        return None
    moved = _origin(response.header("Location") or "/", base=response.url)
    kind = FailureKind.REDIRECT if moved == _origin(response.url) else FailureKind.SECURITY
    return Failure(kind=kind, error="redirect_refused", status=response.status)


def settled(kind: FailureKind, grant: GrantType) -> FailureKind:
    """``kind`` as it reads for ``grant``: the same refusal ends a code or a connection."""
    if kind is FailureKind.AMBIGUOUS:
        return kind if grant.is_single_use else FailureKind.TRANSIENT
    if kind is FailureKind.EXPIRED and grant is not GrantType.DEVICE_CODE:
        kind = FailureKind.REAUTH
    if kind is FailureKind.REAUTH:
        return _DEAD_GRANT.get(grant, FailureKind.CODE_REJECTED)
    return kind


_DEAD_GRANT: Final[Mapping[GrantType, FailureKind]] = {
    GrantType.REFRESH_TOKEN: FailureKind.REAUTH,
    GrantType.PASSWORD: FailureKind.REAUTH,
    # No person can renew these: the key, the subject or the registration is wrong.
    GrantType.CLIENT_CREDENTIALS: FailureKind.CLIENT_CONFIG,
    GrantType.JWT_BEARER: FailureKind.CLIENT_CONFIG,
    # The token is as good as before; what it was to be traded for is not to be had.
    GrantType.TOKEN_EXCHANGE: FailureKind.REQUEST,
}


def printable(text: str) -> str:
    """``text`` of another server as one line of printable characters, at most 500."""
    line = "".join(char if char.isprintable() else " " for char in text[: 2 * MAX_TEXT])
    return " ".join(line.split())[:MAX_TEXT]


def http_link(uri: str) -> str:
    """``uri`` when it is one that a page may link to, else an empty string."""
    return uri if uri.startswith(("https://", "http://")) and printable(uri) == uri else ""


def _kind(status: int, sign: ErrorSign, text: str, grant: GrantType) -> FailureKind:
    known = kind_of_number(sign.code, sign.place) or kind_of_code(sign.code)
    if known in {None, FailureKind.REQUEST}:
        # Google's REST errors have a general status, and the code in the message.
        known = kind_of_code(_code_in(sign.text)) or known
    if sign.is_transient or status in _BUSY_STATUSES or says_throttled(text):
        return FailureKind.TRANSIENT
    if status >= 500:
        # A server that is out of order is not believed when it calls a grant dead.
        return known if known is FailureKind.TRANSIENT else settled(FailureKind.AMBIGUOUS, grant)
    if says_dead(text) and (known is None or is_general(sign.code)):
        return _dead_in_words(known, grant)
    if known is not None:
        return settled(known, grant)
    return kind_of_text([text]) or _STATUSES.get(status, FailureKind.REQUEST)


def _code_in(text: str) -> str:
    """``text`` when it is no sentence but a code that is known."""
    return text if text and " " not in text and kind_of_code(text) else ""


def _dead_in_words(known: FailureKind | None, grant: GrantType) -> FailureKind:
    """A registered code with plain words counts; a code nobody knows never ends a connection."""
    kind = settled(FailureKind.REAUTH, grant)
    if kind is FailureKind.REAUTH and known is None:
        return FailureKind.REQUEST_OR_REAUTH
    return kind


def _origin(url: str, base: str = "") -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ("", "")
    if not parts.scheme and not parts.netloc:
        parts = urlsplit(base)
    elif not parts.scheme:
        return (urlsplit(base).scheme, parts.netloc.lower())
    return (parts.scheme, parts.netloc.lower())

"""What is kept of a run beside its row: the request and the answer, masked, then sealed."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from grantline.calls.answers.response import Response
from grantline.calls.attempts.attempt import Attempt
from grantline.calls.attempts.retry import Reason
from grantline.connections.credentials.credential import NO_CREDENTIALS, CredentialIds
from grantline.connections.requests.redaction import Redactor
from grantline.errors import GrantlineError
from grantline.messages import Headers, HttpRequest, first_value

KEPT_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SeenBody:
    """The beginning of a body.

    Attributes:
        size: Of the whole body, in bytes.
        truncated: Whether ``data`` is only its beginning.
    """

    data: bytes
    media_type: str
    size: int
    truncated: bool

    @property
    def text(self) -> str:
        """The data as text; bytes that are no UTF-8 become U+FFFD."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SeenRequest:
    """A request as it was sent, but for its secrets.

    ``credentials`` are those it named; runs of earlier versions name none.
    """

    method: str
    url: str
    headers: Headers
    body: SeenBody
    credentials: CredentialIds = NO_CREDENTIALS


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SeenResponse:
    """An answer as it came, but for secrets of ours that the service quoted."""

    status: int
    url: str
    redirects: tuple[str, ...]
    headers: Headers
    body: SeenBody


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenError:
    """Why there was no answer."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Detail:
    """One run: either ``response`` or ``error`` is there.

    ``attempts`` is every sending, in order; runs of earlier versions have none.
    """

    request: SeenRequest
    response: SeenResponse | None
    error: SeenError | None
    attempts: tuple[Attempt, ...] = ()


def detail_of(
    request: HttpRequest,
    response: Response | None,
    error: GrantlineError | None,
    redactor: Redactor,
    *,
    attempts: tuple[Attempt, ...] = (),
    credentials: CredentialIds = NO_CREDENTIALS,
) -> Detail:
    """What may be kept of an exchange."""
    return Detail(
        request=SeenRequest(
            method=request.method,
            url=redactor.url(request.url),
            headers=redactor.headers(request.headers),
            body=_body(request.data, request.headers, redactor),
            credentials=credentials,
        ),
        response=_response(response, redactor) if response else None,
        error=_error(error, redactor) if error else None,
        attempts=attempts,
    )


def detail_to_text(detail: Detail) -> str:
    """``detail`` as JSON, to be sealed."""
    request, response, error = detail.request, detail.response, detail.error
    return json.dumps(
        {
            "request": {
                "method": request.method,
                "url": request.url,
                "headers": request.headers,
                "body": _body_to_plain(request.body),
                "credentials": asdict(request.credentials),
            },
            "response": response
            and {
                "status": response.status,
                "url": response.url,
                "redirects": response.redirects,
                "headers": response.headers,
                "body": _body_to_plain(response.body),
            },
            "error": error and {"code": error.code, "message": error.message, "hint": error.hint},
            "attempts": [_attempt_to_plain(each) for each in detail.attempts],
        }
    )


def detail_from_text(text: str) -> Detail:
    """The detail that ``detail_to_text`` wrote."""
    plain = json.loads(text)
    request, response, error = plain["request"], plain["response"], plain["error"]
    return Detail(
        request=SeenRequest(
            method=request["method"],
            url=request["url"],
            headers=_headers(request["headers"]),
            body=_body_from_plain(request["body"]),
            credentials=CredentialIds(**request.get("credentials", {})),
        ),
        response=response
        and SeenResponse(
            status=response["status"],
            url=response["url"],
            redirects=tuple(response["redirects"]),
            headers=_headers(response["headers"]),
            body=_body_from_plain(response["body"]),
        ),
        error=error and SeenError(**error),
        attempts=tuple(_attempt_from_plain(each) for each in plain.get("attempts", ())),
    )


def _response(response: Response, redactor: Redactor) -> SeenResponse:
    return SeenResponse(
        status=response.status,
        url=redactor.url(response.url),
        redirects=tuple(redactor.url(each) for each in response.redirects),
        headers=redactor.headers(response.headers),
        body=_body(response.content, response.headers, redactor),
    )


def _error(error: GrantlineError, redactor: Redactor) -> SeenError:
    return SeenError(
        code=error.code, message=redactor.text(error.message), hint=redactor.text(error.hint)
    )


def _body(data: bytes, headers: Headers, redactor: Redactor) -> SeenBody:
    return SeenBody(
        data=redactor.head(data, KEPT_BYTES),
        media_type=first_value(headers, "Content-Type") or "",
        size=len(data),
        truncated=len(data) > KEPT_BYTES,
    )


def _body_to_plain(body: SeenBody) -> dict[str, Any]:
    return {
        "data": base64.b64encode(body.data).decode(),
        "media_type": body.media_type,
        "size": body.size,
        "truncated": body.truncated,
    }


def _body_from_plain(plain: dict[str, Any]) -> SeenBody:
    return SeenBody(**{**plain, "data": base64.b64decode(plain["data"])})


def _attempt_to_plain(attempt: Attempt) -> dict[str, Any]:
    return {
        "at": attempt.at.isoformat(),
        "waited_s": attempt.waited.total_seconds(),
        "elapsed_s": attempt.elapsed.total_seconds(),
        "status": attempt.status,
        "error_code": attempt.error_code,
        "reason": attempt.reason.value,
    }


def _attempt_from_plain(plain: dict[str, Any]) -> Attempt:
    return Attempt(
        at=datetime.fromisoformat(plain["at"]),
        waited=timedelta(seconds=plain["waited_s"]),
        elapsed=timedelta(seconds=plain["elapsed_s"]),
        status=plain["status"],
        error_code=plain["error_code"],
        reason=Reason(plain["reason"]),
    )


def _headers(plain: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in plain)

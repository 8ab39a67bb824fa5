"""*Respond*: what the caller of a webhook is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from grantline.calls.expressions import fill
from grantline.calls.headers import check_all
from grantline.connections.requests.redaction import Redactor
from grantline.errors import InvalidInput, LimitExceeded
from grantline.messages import Headers, first_value
from grantline.scenarios.definition.modules import Respond
from grantline.scenarios.mapping.request import filled_content, filled_headers
from grantline.scenarios.modules.outcome import Answer, Bundle, Outcome, shown

TEXT_TYPE: Final = "text/plain; charset=utf-8"
MOST_ANSWER_BYTES: Final = 4 * 1024 * 1024
# What belongs to the connection, to us, or speaks for the whole origin: to browsers of people who
# use the web app, or to a proxy in front of it.
_NOT_OURS: Final = frozenset(
    {
        "alt-svc",
        "clear-site-data",
        "connection",
        "content-length",
        "date",
        "keep-alive",
        "nel",
        "report-to",
        "reporting-endpoints",
        "server",
        "service-worker-allowed",
        "set-cookie",
        "set-cookie2",
        "strict-transport-security",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "x-accel-redirect",
        "x-sendfile",
    }
)


def respond(does: Respond, names: Mapping[str, Any]) -> Outcome:
    """The answer, and what it says as the module's bundle.

    Raises:
        InvalidInput: The status, a header or the body cannot be sent.
        LimitExceeded: The body is larger than `MOST_ANSWER_BYTES`.
    """
    status = _status(fill(does.status, names))
    headers: Headers = filled_headers(does.headers, names)
    check_all(headers)
    for name, _ in headers:
        if name.lower() in _NOT_OURS:
            raise InvalidInput(
                f"An answer cannot have a header {name}.",
                field="headers",
                hint="Leave it out: the server writes what belongs to the connection itself.",
            )
    content = filled_content(does.body, names)
    body = content.data if content else b""
    if len(body) > MOST_ANSWER_BYTES:
        raise LimitExceeded(
            f"The answer is larger than {MOST_ANSWER_BYTES // 1024**2} MB.",
            limit="answer_bytes",
            hint="Answer with a link to what is large.",
        )
    if content and first_value(headers, "content-type") is None:
        headers = (*headers, ("Content-Type", content.media_type or TEXT_TYPE))
    redactor = Redactor(())
    seen = redactor.headers(headers)
    given: Bundle = {
        "status": status,
        "headers": {name.lower(): value for name, value in seen},
        "body": shown(body, redactor),
    }
    return Outcome(
        output={"status": status},
        input=given,
        answer=Answer(status=status, headers=headers, body=body),
    )


def _status(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()):
        status = 0
    else:
        status = int(text[:4])
    if not 200 <= status <= 599:
        raise InvalidInput(
            "The status of an answer is not a number from 200 to 599.",
            field="status",
            hint="Write one such as 200, 202 or 400.",
        )
    return status

"""What became of a run, and what can be done about one that failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request

from grantline.calls.answers.response import Response as ServiceAnswer
from grantline.calls.answers.service_message import service_message
from grantline.connections.connection import Actor, Connection
from grantline.connections.requests.making import Made
from grantline.connections.requests.run_detail import SeenResponse
from grantline.connections.requests.runs import RunDetail
from grantline.errors import (
    AuthorizationServerError,
    ConnectionUnusable,
    EgressBlocked,
    GrantlineError,
    InvalidClient,
    InvalidGrant,
    InvalidInput,
    NotAuthorized,
    NotFound,
    ProtocolError,
    ReauthorizationRequired,
    UpstreamError,
)
from grantline.server.errors import Problem
from grantline.server.page import actor_of, engine_of
from grantline.server.pages.requests.answer import Answer, answer_of
from grantline.server.pages.requests.bench import bench_of
from grantline.server.pages.requests.credential_choices import refusing
from grantline.server.pages.requests.form import RequestForm
from grantline.server.pages.requests.page import connection_of

ABOUT_CONNECTION: Final = (AuthorizationServerError, ConnectionUnusable, ProtocolError)
GIVE_CONSENT: Final = "Give consent"
CONNECT_AGAIN: Final = "Connect again"
ASKS_FOR_CONSENT: Final = (NotAuthorized, ReauthorizationRequired, InvalidGrant, InvalidClient)
_STATUS_HINTS: Final = {
    400: "Something in the request is not as the service wants it; its answer usually says what.",
    401: "It does not accept who asks: the credential is missing, wrong or expired.",
    403: "It knows who asks and does not allow this: a scope or a role may be missing.",
    404: "Nothing is at this URL, or the account may not see it. Check the path and its ids.",
    405: "This URL does not take this method.",
    409: "The request conflicts with how things are at the service now.",
    415: "It does not take this content type. Check the body's type.",
    422: "It understood the body and does not accept its content.",
    429: "Too many requests.",
}
_CLASS_HINTS: Final = {
    4: "The service finds fault with the request; its answer usually says what.",
    5: "The service failed. The request may be right; try again later.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a run.

    Attributes:
        problem: Why there is no answer, or what an answer with an error status means.
        is_cancelled: It was ended here before an answer came.
        host_to_allow: The host that what the request carries may not go to yet.
        edit_at: Where the connection is edited, when that helps.
        steps: What else helps, the likeliest first.
        notice: What has to be said about how the answer came to be.
        consent: What the button says that leads to a new consent; empty for none.
    """

    answer: Answer | None = None
    problem: Problem | None = None
    is_cancelled: bool = False
    host_to_allow: str = ""
    consent: str = ""
    edit_at: str = ""
    steps: tuple[str, ...] = ()
    notice: str = ""
    run_id: str = ""


async def outcome_of(
    request: Request, run_id: str, made: Made | None, form: RequestForm
) -> Outcome:
    """What became of a run; ``made`` has more of it than the history, while it is at hand."""
    actor = actor_of(request)
    detail = await engine_of(request).runs.find(actor, run_id)
    answer = await answer_of(detail, made, parse=form.settings.parse_response)
    error = made.error if made else None
    if answer is not None and (error is None or _is_about(error, answer)):
        problem = None
        if form.settings.fails(answer.status):
            problem = _status_problem(answer, detail)
        return Outcome(
            answer=answer,
            problem=problem,
            run_id=run_id,
            notice=made.response.notice if made and made.response else "",
            consent=CONNECT_AGAIN if answer.status == 401 and form.connection else "",
            edit_at=_edit_at(form) if _lacks_scope(answer) else "",
        )
    if error is None:
        seen = detail.error
        problem = Problem(
            status=502,
            code=seen.code if seen else "request_failed",
            title=seen.message if seen else "No answer came.",
            hint=seen.hint if seen else "",
        )
        return Outcome(problem=problem, run_id=run_id)
    return replace(await outcome_of_error(request, error, form), run_id=run_id, answer=answer)


async def outcome_of_error(request: Request, error: GrantlineError, form: RequestForm) -> Outcome:
    """Why nothing came, or not all of it, and what can be done about that."""
    connection = await _own_connection(request, form, actor_of(request))
    host = await _host_to_allow(request, error, connection, form)
    return Outcome(
        problem=_problem(error, connection, form, host),
        host_to_allow=host,
        consent=_consent(error, connection),
        steps=await _steps(request, error, connection),
    )


async def outcome_of_run(request: Request, run_id: str, form: RequestForm) -> Outcome | None:
    """What became of a run that was made lately; None when the history has it no more."""
    made = bench_of(request).made(actor_of(request), run_id)
    try:
        return await outcome_of(request, run_id, made, form)
    except NotFound:
        return None


def _problem(
    error: GrantlineError, connection: Connection | None, form: RequestForm, host_to_allow: str
) -> Problem:
    """``error`` with the next step as it is taken here, not in a terminal."""
    problem = Problem.of(error)
    if isinstance(error, UpstreamError):
        seen = error.response
        hint = _status_hint(seen.status) if isinstance(seen, ServiceAnswer) else ""
        problem = replace(problem, quote=error.service_message, hint=hint)
    if form.connection and connection is None and _is_host_refused(error):
        return replace(problem, hint="Only the owner of the connection can let its token go there.")
    if isinstance(error, ASKS_FOR_CONSENT) and connection is not None:
        word = _consent(error, connection)
        return replace(problem, hint=f"{word} to go on; what you typed here is kept.")
    if host_to_allow:
        return replace(
            problem,
            hint="A secret goes only to the hosts that are listed for it, so that no one else "
            "gets it.",
        )
    return problem


def _is_about(error: GrantlineError, answer: Answer) -> bool:
    """Whether the error only says that the answer's status counts as one."""
    seen = error.response if isinstance(error, UpstreamError) else None
    return isinstance(seen, ServiceAnswer) and seen.status == answer.status


def _status_problem(answer: Answer, detail: RunDetail) -> Problem:
    """What an answer with an error status usually means, and what the service says itself."""
    headers = {name.lower(): value for name, value in answer.headers}
    said = _status_hint(answer.status)
    if answer.status == 401 and answer.attempts > 1:
        said = "The token was renewed, and the new one was refused too."
    if _lacks_scope(answer):
        said = "The token lacks a scope. Add it to the connection; a new consent follows."
    if answer.status in {429, 503} and (wait := headers.get("retry-after")):
        said = f"{said} The service asks to wait: Retry-After {wait}."
    return Problem(
        status=answer.status,
        code="upstream_error",
        title=f"The service answered with status {answer.status}.",
        hint=said,
        quote=_said(detail.response) or headers.get("www-authenticate", ""),
    )


def _status_hint(status: int) -> str:
    return _STATUS_HINTS.get(status, _CLASS_HINTS.get(status // 100, ""))


def _said(response: SeenResponse | None) -> str:
    return service_message(response.body.data, response.body.media_type) if response else ""


def _consent(error: GrantlineError, connection: Connection | None) -> str:
    if connection is None or not isinstance(error, ASKS_FOR_CONSENT):
        return ""
    return GIVE_CONSENT if isinstance(error, NotAuthorized) else CONNECT_AGAIN


async def _steps(
    request: Request, error: GrantlineError, connection: Connection | None
) -> tuple[str, ...]:
    """What the doctor advises when the connection, not the request, is at fault."""
    if connection is None or not isinstance(error, ABOUT_CONNECTION):
        return ()
    found = await engine_of(request).diagnose(actor_of(request), connection.id, error)
    steps = found[0].next_steps if found else ()
    return () if steps == (error.hint,) else steps


def _lacks_scope(answer: Answer) -> bool:
    """Whether the service says so (RFC 6750 section 3.1)."""
    challenge = dict(answer.headers).get("www-authenticate", "")
    return answer.status in {401, 403} and "insufficient_scope" in challenge


def _edit_at(form: RequestForm) -> str:
    return f"/connections/{form.connection}/edit" if form.connection else ""


async def _host_to_allow(
    request: Request, error: GrantlineError, connection: Connection | None, form: RequestForm
) -> str:
    """The host that was refused, when the visitor may allow it for all that refuses it."""
    if not isinstance(error, EgressBlocked) or not _is_host_refused(error):
        return ""
    refused = await refusing(request, form, error.address)
    if any(each.owner != actor_of(request).user for each in refused):
        return ""
    return error.address if connection is not None or (refused and not form.connection) else ""


def _is_host_refused(error: GrantlineError) -> bool:
    return isinstance(error, EgressBlocked) and error.rule == "host_not_allowed"


async def _own_connection(request: Request, form: RequestForm, actor: Actor) -> Connection | None:
    """The connection of the form, when the visitor is its owner."""
    try:
        connection = await connection_of(request, form)
    except InvalidInput:
        return None
    return connection if connection and connection.owner == actor.user else None

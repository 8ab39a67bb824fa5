"""Running a request from its form, and what can be done about one that failed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.connection import Actor, Connection
from grantline.connections.making import Made
from grantline.connections.planning import ConnectionEdit
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
)
from grantline.secret import Secret
from grantline.server.errors import Problem
from grantline.server.page import actor_of, engine_of, is_part, page, see_other
from grantline.server.pages.consent import go_on
from grantline.server.pages.request_answer import Answer, answer_of
from grantline.server.pages.request_bench import bench_of
from grantline.server.pages.request_form import RequestForm
from grantline.server.pages.request_page import (
    choices_of,
    connection_of,
    credential_for,
    read_form,
    refuse,
    show_form,
    words_for,
)
from grantline.server.pages.request_sent import Code, codes_of, preview_of

ABOUT_CONNECTION: Final = (AuthorizationServerError, ConnectionUnusable, ProtocolError)
GIVE_CONSENT: Final = "Give consent"
CONNECT_AGAIN: Final = "Connect again"
LONGEST_TICKET: Final = 40
ASKS_FOR_CONSENT: Final = (NotAuthorized, ReauthorizationRequired, InvalidGrant, InvalidClient)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a run.

    Attributes:
        problem: Why there is no answer, or what an answer with an error status means.
        is_cancelled: It was ended here before an answer came.
        host_to_allow: The host that the connection's token may not go to yet.
        edit_at: Where the connection is edited, when that helps.
        steps: What else helps, the likeliest first.
        consent: What the button says that leads to a new consent; empty for none.
    """

    answer: Answer | None = None
    problem: Problem | None = None
    is_cancelled: bool = False
    host_to_allow: str = ""
    consent: str = ""
    edit_at: str = ""
    steps: tuple[str, ...] = ()
    run_id: str = ""


async def run(request: Request) -> Response:
    """Makes the request and shows what became of it."""
    form = await read_form(request)
    return await _run(request, form)


async def allow_host_and_run(request: Request) -> Response:
    """Lets the connection's token go to one more host, and makes the request again."""
    form = await read_form(request)
    host = request.query_params.get("host", "")
    engine, actor = engine_of(request), actor_of(request)
    try:
        connection = await connection_of(request, form)
        if connection is None:
            raise InvalidInput("No connection is chosen.", field="Connection")
        if connection.owner != actor.user:
            raise InvalidInput(
                "Only the owner of a connection says where its token may go.",
                field="Connection",
                hint="Ask the owner to add the host.",
            )
        edit = ConnectionEdit(hosts=(*connection.hosts, host), version=connection.version)
        await engine.manage.edit(actor, connection.id, edit)
    except GrantlineError as error:
        return await refuse(request, form, error)
    return await _run(request, form)


async def cancel(request: Request) -> Response:
    """Ends a request that is under way."""
    bench_of(request).cancel(actor_of(request), await _ticket(request))
    return Response(status_code=204)


async def create_connection(request: Request) -> Response:
    """Keeps what was typed, and leads to a new connection, which leads back to it."""
    form = await read_form(request)
    back = urlencode({"return_to": draft_url(request, form)})
    return see_other(request, f"/connections/new?{back}")


async def connect_again(request: Request) -> Response:
    """Keeps what was typed, and begins a new consent, which leads back to it."""
    form = await read_form(request)
    try:
        connection = await connection_of(request, form)
    except InvalidInput as error:
        return await refuse(request, form, error)
    if connection is None:
        return see_other(request, draft_url(request, form))
    return await go_on(request, connection, return_to=draft_url(request, form))


async def preview(request: Request) -> Response:
    """The request that would be sent, or what is wrong with it."""
    form = await read_form(request)
    seen, error = None, None
    try:
        connection = await connection_of(request, form)
        seen = preview_of(form.with_stand_ins().spec(), connection, form.credential())
    except GrantlineError as wrong:
        error = wrong
    response = page(
        request,
        "requests/preview.html",
        preview=seen,
        error=error,
        form=form,
        choices=await choices_of(request, form.connection_id),
        **words_for(form),
    )
    if await _was_touched(request):
        # Loading the page again, or coming back to it, shows what was typed.
        response.headers["HX-Replace-Url"] = draft_url(request, form, key=await _ticket(request))
    return response


async def code(request: Request) -> Response:
    """The request as a command; with ``reveal`` the secrets are in it."""
    form = await read_form(request)
    reveal = request.query_params.get("reveal") == "yes"
    codes: tuple[Code, ...] = ()
    error = None
    try:
        connection = await connection_of(request, form)
        credential = await credential_for(request, form) if reveal else form.credential()
        token = None
        if reveal:
            token = (
                await engine_of(request).token(actor_of(request), connection.id)
                if connection
                else Secret("")
            )
        codes = codes_of(form.spec(), connection, credential, token)
    except GrantlineError as wrong:
        error = wrong
    return page(request, "requests/code.html", codes=codes, error=error, reveal=reveal)


def draft_url(request: Request, form: RequestForm, *, key: str = "", **more: str) -> str:
    """The address under which what was typed is shown again."""
    key = bench_of(request).keep_draft(actor_of(request), form, key=key)
    path = f"/requests/{form.request_id}" if form.request_id else "/requests/new"
    return f"{path}?{urlencode({'draft': key, **more})}"


async def outcome_of_run(request: Request, run_id: str, form: RequestForm) -> Outcome | None:
    """What became of a run that was made lately; None when the history has it no more."""
    made = bench_of(request).made(actor_of(request), run_id)
    try:
        return await _outcome(request, run_id, made, form)
    except NotFound:
        return None


async def _ticket(request: Request) -> str:
    """What names the page that was sent, of all pages that somebody has open."""
    return str((await request.form()).get("ticket", ""))[:LONGEST_TICKET]


async def _was_touched(request: Request) -> bool:
    data = await request.form()
    return bool(data.get("touched") and data.get("ticket"))


async def _run(request: Request, form: RequestForm) -> Response:
    engine, actor, bench = engine_of(request), actor_of(request), bench_of(request)
    ticket = await _ticket(request)
    made = None
    scope = bench.begin(actor, ticket)
    try:
        await connection_of(request, form)
        with scope:
            made = await engine.make_request(
                actor,
                form.spec(),
                connection_id=form.connection,
                credential=await credential_for(request, form),
                saved_request_id=form.request_id or None,
            )
    except GrantlineError as error:
        return await refuse(request, form, error)
    finally:
        bench.end(actor, ticket, scope)
    if made is None:
        return await _show(request, form, Outcome(is_cancelled=True))
    bench.keep_made(actor, made)
    run_id = made.run.id if made.run else ""
    if not is_part(request):
        # Going back, or loading the page again, must not send the request again.
        return see_other(request, draft_url(request, form, answer=run_id))
    return await _show(request, form, await _outcome(request, run_id, made, form))


async def _show(request: Request, form: RequestForm, outcome: Outcome) -> Response:
    if is_part(request):
        return page(request, "requests/outcome.html", outcome=outcome, form=form)
    return await show_form(request, form, outcome=outcome)


async def _outcome(request: Request, run_id: str, made: Made | None, form: RequestForm) -> Outcome:
    actor = actor_of(request)
    detail = await engine_of(request).runs.find(actor, run_id)
    answer = await answer_of(detail, made, parse=form.parse_response)
    if answer is not None:
        problem = None
        if answer.status >= 400 and form.fail_on_status:
            problem = _status_problem(answer)
        return Outcome(
            answer=answer,
            problem=problem,
            run_id=run_id,
            consent=CONNECT_AGAIN if answer.status == 401 and form.connection else "",
            edit_at=_edit_at(form) if _lacks_scope(answer) else "",
        )
    error = made.error if made else None
    if error is None:
        seen = detail.error
        problem = Problem(
            status=502,
            code=seen.code if seen else "request_failed",
            title=seen.message if seen else "No answer came.",
            hint=seen.hint if seen else "",
        )
        return Outcome(problem=problem, run_id=run_id)
    connection = await _own_connection(request, form, actor)
    return Outcome(
        problem=_problem(error, connection),
        run_id=run_id,
        host_to_allow=_host_to_allow(error, connection),
        consent=_consent(error, connection),
        steps=await _steps(request, error, connection),
    )


def _problem(error: GrantlineError, connection: Connection | None) -> Problem:
    """``error`` with the next step as it is taken here, not in a terminal."""
    problem = Problem.of(error)
    if isinstance(error, ASKS_FOR_CONSENT) and connection is not None:
        word = _consent(error, connection)
        return replace(problem, hint=f"{word} to go on; what you typed here is kept.")
    if _is_host_refused(error) and connection is not None:
        return replace(
            problem,
            hint="A token goes only to the hosts that its connection names, so that no one "
            "else gets it.",
        )
    return problem


def _status_problem(answer: Answer) -> Problem:
    """What an answer with an error status usually means."""
    headers = {name.lower(): value for name, value in answer.headers}
    said = _STATUS_HINTS.get(answer.status, _CLASS_HINTS[min(answer.status // 100, 5)])
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
        quote=headers.get("www-authenticate", "") if answer.status in {401, 403} else "",
    )


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
    return found[0].next_steps if found else ()


def _lacks_scope(answer: Answer) -> bool:
    """Whether the service says so (RFC 6750 section 3.1)."""
    challenge = dict(answer.headers).get("www-authenticate", "")
    return answer.status in {401, 403} and "insufficient_scope" in challenge


def _edit_at(form: RequestForm) -> str:
    return f"/connections/{form.connection}/edit" if form.connection else ""


def _host_to_allow(error: GrantlineError, connection: Connection | None) -> str:
    if connection is None or not _is_host_refused(error):
        return ""
    return error.address if isinstance(error, EgressBlocked) else ""


def _is_host_refused(error: GrantlineError) -> bool:
    return isinstance(error, EgressBlocked) and error.rule == "host_not_allowed"


async def _own_connection(request: Request, form: RequestForm, actor: Actor) -> Connection | None:
    """The connection of the form, when the visitor is its owner."""
    try:
        connection = await connection_of(request, form)
    except InvalidInput:
        return None
    return connection if connection and connection.owner == actor.user else None


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

ROUTES: Final[list[BaseRoute]] = [
    Route("/requests/run", run, methods=["POST"]),
    Route("/requests/allow-host", allow_host_and_run, methods=["POST"]),
    Route("/requests/cancel", cancel, methods=["POST"]),
    Route("/requests/create-connection", create_connection, methods=["POST"]),
    Route("/requests/connect-again", connect_again, methods=["POST"]),
    Route("/requests/preview", preview, methods=["POST"]),
    Route("/requests/code", code, methods=["POST"]),
]

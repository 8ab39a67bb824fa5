"""What is done with the form: run, cancelled, previewed, shown as code, kept as a draft."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.calls.hosts import matches
from grantline.connections.credentials.credential import CredentialEdit
from grantline.connections.planning import ConnectionEdit
from grantline.connections.requests.making import Made
from grantline.connections.requests.pages import ItemsPage
from grantline.errors import (
    GrantlineError,
    InvalidInput,
)
from grantline.secret import Secret
from grantline.server.page import actor_of, engine_of, is_part, page, see_other
from grantline.server.pages.connections.consent import go_on
from grantline.server.pages.requests.bench import Running, bench_of
from grantline.server.pages.requests.credential_choices import credential_of, refusing
from grantline.server.pages.requests.form import RequestForm
from grantline.server.pages.requests.outcome import Outcome, outcome_of
from grantline.server.pages.requests.page import (
    choices_of,
    connection_of,
    read_form,
    refuse,
    show_form,
    words_for,
)
from grantline.server.pages.requests.sent import Code, codes_of, preview_of

T = TypeVar("T")

LONGEST_TICKET: Final = 40


async def run(request: Request) -> Response:
    """Makes the request and shows what became of it."""
    form = await read_form(request)
    return await _run(request, form)


async def allow_host_and_run(request: Request) -> Response:
    """Lets what the request carries go to one more host, and makes the request again."""
    form = await read_form(request)
    host = request.query_params.get("host", "")
    engine, actor = engine_of(request), actor_of(request)
    try:
        connection = await connection_of(request, form)
        if connection is not None and not matches(frozenset(connection.hosts), host):
            if connection.owner != actor.user:
                raise InvalidInput(
                    "Only the owner of a connection says where its token may go.",
                    field="Connection",
                    hint="Ask the owner to add the host.",
                )
            edit = ConnectionEdit(hosts=(*connection.hosts, host), version=connection.version)
            await engine.manage.edit(actor, connection.id, edit)
        for each in await refusing(request, form, host):
            wider = CredentialEdit(hosts=(*each.hosts, host), version=each.version)
            await engine.credentials.edit(actor, each.id, wider)
    except GrantlineError as error:
        return await refuse(request, form, error)
    return await _run(request, form)


async def cancel(request: Request) -> Response:
    """Ends a request that is under way."""
    running = bench_of(request).running(actor_of(request), await ticket_of(request))
    if running is not None:
        running.scope.cancel()
    return Response(status_code=204)


async def progress(request: Request) -> Response:
    """How far what is under way is."""
    ticket = request.query_params.get("ticket", "")
    running = bench_of(request).running(actor_of(request), ticket)
    if running is None or not running.words:
        return Response(status_code=204)
    return JSONResponse({"words": running.words, "share": running.share})


async def create_connection(request: Request) -> Response:
    """Keeps what was typed, and leads to a new connection, which leads back to it."""
    form = await read_form(request)
    back = urlencode({"return_to": draft_url(request, form)})
    return see_other(request, f"/connections/new?{back}")


async def create_credential(request: Request) -> Response:
    """Keeps what was typed, and leads to a new credential, which leads back to it."""
    form = await read_form(request)
    kind = request.query_params.get("kind", "")
    asked = {"kind": kind, "return_to": draft_url(request, form)}
    return see_other(request, f"/credentials/new?{urlencode(asked)}")


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
        seen = preview_of(
            form.with_stand_ins().spec(),
            connection,
            await credential_of(request, form),
            parts=form.part_lines(),
        )
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
    if await was_touched(request):
        # A preview brings no files; a run before it may have.
        form = form.with_files_of(
            bench_of(request).draft(actor_of(request), await ticket_of(request))
        )
        # Loading the page again, or coming back to it, shows what was typed.
        response.headers["HX-Replace-Url"] = draft_url(request, form, key=await ticket_of(request))
    return response


async def code(request: Request) -> Response:
    """The request as a command; with ``reveal`` the secrets are in it."""
    form = await read_form(request)
    reveal = request.query_params.get("reveal") == "yes"
    codes: tuple[Code, ...] = ()
    error = None
    try:
        connection = await connection_of(request, form)
        credential = await credential_of(request, form)
        token = None
        if reveal:
            token = (
                await engine_of(request).token(actor_of(request), connection.id)
                if connection
                else Secret("")
            )
        codes = codes_of(form.with_stand_ins().spec(), connection, credential, token)
    except GrantlineError as wrong:
        error = wrong
    return page(request, "requests/code.html", codes=codes, error=error, reveal=reveal)


def draft_url(request: Request, form: RequestForm, *, key: str = "", **more: str) -> str:
    """The address under which what was typed is shown again."""
    key = bench_of(request).keep_draft(actor_of(request), form, key=key)
    path = f"/requests/{form.request_id}" if form.request_id else "/requests/new"
    return f"{path}?{urlencode({'draft': key, **more})}"


async def ticket_of(request: Request) -> str:
    """What names the page that was sent, of all pages that somebody has open."""
    return str((await request.form()).get("ticket", ""))[:LONGEST_TICKET]


async def was_touched(request: Request) -> bool:
    """Whether somebody typed into the page, so that there is something to keep as a draft."""
    data = await request.form()
    return bool(data.get("touched") and data.get("ticket"))


async def _run(request: Request, form: RequestForm) -> Response:
    engine, actor, bench = engine_of(request), actor_of(request), bench_of(request)

    async def make(running: Running) -> Made:
        if form.settings.page_type:

            def on_page(turned: ItemsPage, items: int) -> None:
                running.words = f"Page {turned.number}, {items} items"

            return await engine.make_list(
                actor,
                form.kept_spec(),
                connection_id=form.connection,
                credentials=form.credentials,
                typed=form.typed(),
                saved_request_id=form.request_id or None,
                on_page=on_page,
            )
        return await engine.make_request(
            actor,
            form.spec(),
            connection_id=form.connection,
            credentials=form.credentials,
            typed=form.typed(),
            upload=form.upload(secrets.token_hex(16)),
            saved_request_id=form.request_id or None,
        )

    try:
        made = await under_way(request, form, make)
    except GrantlineError as error:
        return await refuse(request, form, error)
    if made is None:
        return await show_outcome(request, form, Outcome(is_cancelled=True))
    bench.keep_made(actor, made)
    run_id = made.run.id if made.run else ""
    if not is_part(request):
        # Going back, or loading the page again, must not send the request again.
        return see_other(request, draft_url(request, form, answer=run_id))
    return await show_outcome(request, form, await outcome_of(request, run_id, made, form))


async def under_way(
    request: Request, form: RequestForm, work: Callable[[Running], Awaitable[T]]
) -> T | None:
    """What ``work`` gives; None when it was cancelled from the page, which sees how far it is."""
    actor, bench, ticket = actor_of(request), bench_of(request), await ticket_of(request)
    if await was_touched(request):
        bench.keep_draft(actor, form, key=ticket)
    await connection_of(request, form)
    running, done = bench.begin(actor, ticket), None
    try:
        with running.scope:
            done = await work(running)
    finally:
        bench.end(actor, ticket, running)
    return done


async def show_outcome(request: Request, form: RequestForm, outcome: Outcome) -> Response:
    """The part for the answer, or the page with it."""
    if is_part(request):
        return page(request, "requests/outcome.html", outcome=outcome, form=form)
    return await show_form(request, form, outcome=outcome)


ROUTES: Final[list[BaseRoute]] = [
    Route("/requests/run", run, methods=["POST"]),
    Route("/requests/allow-host", allow_host_and_run, methods=["POST"]),
    Route("/requests/cancel", cancel, methods=["POST"]),
    Route("/requests/progress", progress),
    Route("/requests/create-connection", create_connection, methods=["POST"]),
    Route("/requests/create-credential", create_credential, methods=["POST"]),
    Route("/requests/connect-again", connect_again, methods=["POST"]),
    Route("/requests/preview", preview, methods=["POST"]),
    Route("/requests/code", code, methods=["POST"]),
]

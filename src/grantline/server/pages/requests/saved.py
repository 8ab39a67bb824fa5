"""Saved requests: the list, and the form that makes a request and keeps it under a name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.requests.runs import Run
from grantline.connections.requests.saved_requests import (
    NewRequest,
    RequestEdit,
    RequestSummary,
    SavedRequest,
)
from grantline.errors import (
    ConnectionChanged,
    GrantlineError,
    InvalidInput,
    NotFound,
)
from grantline.server.page import actor_of, engine_of, is_part, page, see_other
from grantline.server.pages.list_pages import PER_PAGE, ListPage
from grantline.server.pages.requests.bench import bench_of
from grantline.server.pages.requests.credential_choices import kind_of, with_chosen
from grantline.server.pages.requests.fill import form_of_curl, form_of_run, form_of_saved
from grantline.server.pages.requests.form import Authentication, RequestForm
from grantline.server.pages.requests.outcome import outcome_of_run
from grantline.server.pages.requests.page import (
    among_notices,
    choices_of,
    connection_of,
    read_form,
    refuse,
    show_form,
    words_for,
)

MOST_COPIES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A saved request as the list shows it."""

    request: RequestSummary
    connection_name: str | None
    credential_name: str | None
    last_run: Run | None


async def overview(request: Request) -> Response:
    """The list of saved requests."""
    engine, actor = engine_of(request), actor_of(request)
    query = request.query_params.get("q", "").strip()
    at = ListPage.of(request)
    connection_id = request.query_params.get("connection", "")
    credential_id = request.query_params.get("credential", "")
    found = await engine.requests.page(
        actor,
        query=query,
        connection_id=connection_id or None,
        credential_id=credential_id or None,
        offset=at.offset,
        limit=PER_PAGE,
    )
    used = {each.connection_id for each in found.rows if each.connection_id}
    names = await engine.listing.names(actor, used | {connection_id})
    kept = {each.credentials.credential_id or "" for each in found.rows}
    kept_names = await engine.credentials.names(actor, kept | {credential_id})
    latest = await engine.runs.latest(actor, {each.id for each in found.rows})
    rows = [
        Row(
            request=each,
            connection_name=names.get(each.connection_id or ""),
            credential_name=kept_names.get(each.credentials.credential_id or ""),
            last_run=latest.get(each.id),
        )
        for each in found.rows
    ]
    return page(
        request,
        "requests/list.html",
        rows=rows,
        total=found.total,
        query=query,
        connection_id=connection_id,
        connection_name=names.get(connection_id),
        credential_id=credential_id,
        credential_name=kept_names.get(credential_id),
        at=at,
    )


async def new(request: Request) -> Response:
    """The form: empty, or with a draft, a run or a connection in it."""
    asked = request.query_params
    if "draft" in asked:
        return await _from_draft(request, asked["draft"])
    notes: tuple[str, ...] = ()
    form = RequestForm()
    if "from" in asked:
        detail = await engine_of(request).runs.find(actor_of(request), asked["from"])
        filled = form_of_run(detail, await kind_of(request, detail.request.credentials))
        form, notes = filled.form, filled.notes
    if connection_id := asked.get("connection", ""):
        form = replace(form, authentication=Authentication.OAUTH, connection_id=connection_id)
    if credential_id := asked.get("credential", ""):
        form = await with_chosen(request, form, credential_id)
    return await show_form(request, form, notes=notes)


async def show(request: Request) -> Response:
    """The form of a saved request."""
    saved = await _saved(request)
    if key := request.query_params.get("draft"):
        return await _from_draft(request, key, saved)
    return await show_form(request, await _form_of(request, saved))


async def save(request: Request) -> Response:
    """Keeps the request under its name: a new one, or the next version of one that is there."""
    form = await read_form(request)
    engine, actor = engine_of(request), actor_of(request)
    as_new = not form.request_id or request.query_params.get("as") == "new"
    version = None if request.query_params.get("over") == "newer" else form.version
    try:
        await connection_of(request, form)
        if as_new:
            saved = await engine.requests.create(actor, await _new_request(request, form))
        else:
            edit = RequestEdit(
                name=form.name,
                spec=form.kept_spec(),
                connection_id=form.connection,
                credentials=form.credentials,
                typed=form.typed(),
                form=form.extras(),
                version=version,
            )
            saved = await engine.requests.edit(actor, form.request_id, edit)
    except ConnectionChanged:
        return await _conflict(request, form)
    except GrantlineError as error:
        return await refuse(request, form, error, is_save=True)
    if not is_part(request) or form.typed() is not None:
        # What was typed is a credential now: the page shows that in its place.
        return see_other(request, f"/requests/{saved.id}", f"“{saved.name}” is saved.")
    response = page(request, "requests/saved.html", form=await _form_of(request, saved))
    response.headers["HX-Replace-Url"] = f"/requests/{saved.id}"
    return response


async def duplicate(request: Request) -> Response:
    """The same request once more, under a name that is free."""
    saved = await _saved(request)
    copy = await engine_of(request).requests.duplicate(
        actor_of(request), saved.id, await _free_name(request, saved.name)
    )
    return see_other(request, f"/requests/{copy.id}", f"This is a copy of “{saved.name}”.")


async def delete(request: Request) -> Response:
    """Deletes a saved request; its runs stay in the history."""
    gone = await engine_of(request).requests.delete(
        actor_of(request), request.path_params["request_id"]
    )
    return see_other(request, "/requests", f"“{gone.name}” is deleted. Its runs stay in History.")


async def paste_curl(request: Request) -> Response:
    """The form with a pasted cURL command in it."""
    form = await read_form(request)
    text = str((await request.form()).get("curl", ""))
    try:
        filled = form_of_curl(text, form)
    except InvalidInput as error:
        return await show_form(request, form, status=422, error=error, curl=text, touched=True)
    return await show_form(request, filled.form, notes=filled.notes, was_pasted=True, touched=True)


async def connection_choices(request: Request) -> Response:
    """The connections to choose from, narrowed by a search: a part of the form."""
    asked = request.query_params
    choices = await choices_of(request, asked.get("connection", ""), asked.get("find", "").strip())
    return page(request, "requests/choices.html", choices=choices, **words_for(RequestForm()))


async def _saved(request: Request) -> SavedRequest:
    return await engine_of(request).requests.find(
        actor_of(request), request.path_params["request_id"]
    )


async def _form_of(request: Request, saved: SavedRequest) -> RequestForm:
    return form_of_saved(saved, await kind_of(request, saved.credentials))


async def _from_draft(request: Request, key: str, saved: SavedRequest | None = None) -> Response:
    """The form with what was typed before; with ``answer`` in the address, and what came of it."""
    asked = request.query_params
    form = bench_of(request).draft(actor_of(request), key)
    if form is None:
        gone = (
            "What was typed here before is gone: it was not saved, and Grantline was restarted or "
            "needed the room. Saved requests are as they were."
        )
        return await show_form(
            request, await _form_of(request, saved) if saved else RequestForm(), notes=(gone,)
        )
    if connection_id := asked.get("connection", ""):
        form = replace(form, authentication=Authentication.OAUTH, connection_id=connection_id)
    if credential_id := asked.get("credential", ""):
        form = await with_chosen(request, form, credential_id)
    outcome = None
    if run_id := asked.get("answer", ""):
        outcome = await outcome_of_run(request, run_id, form)
    return await show_form(request, form, outcome=outcome)


async def _conflict(request: Request, form: RequestForm) -> Response:
    """Says that somebody saved the request meanwhile; nothing is overwritten unasked."""
    newer = await engine_of(request).requests.find(actor_of(request), form.request_id)
    if is_part(request):
        response = page(request, "requests/conflict.html", status=409, newer=newer, form=form)
        among_notices(response)
        return response
    return await show_form(request, form, status=409, conflict=newer)


async def _new_request(request: Request, form: RequestForm) -> NewRequest:
    return NewRequest(
        name=form.name or await _free_name(request, _name_for(form)),
        spec=form.kept_spec(),
        connection_id=form.connection,
        credentials=form.credentials,
        typed=form.typed(),
        form=form.extras(),
    )


def _name_for(form: RequestForm) -> str:
    """What a request is called that was given no name: "GET api.example.com/v1/me"."""
    place = form.url.strip().partition("://")[2] or form.url.strip()
    plain = re.sub(r"[^\w./@+-]+", " ", place.partition("?")[0].partition("#")[0])
    return f"{form.method} {plain}".strip()[:80].rstrip()


async def _free_name(request: Request, name: str) -> str:
    """``name``, with a number behind it when others have it."""
    engine, actor = engine_of(request), actor_of(request)
    for number in range(1, MOST_COPIES):
        candidate = name if number == 1 else f"{name[:90]} {number}"
        try:
            await engine.requests.find(actor, candidate)
        except NotFound:
            return candidate
    return name


ROUTES: Final[list[BaseRoute]] = [
    Route("/requests", overview),
    Route("/requests/new", new),
    Route("/requests/connections", connection_choices),
    Route("/requests/save", save, methods=["POST"]),
    Route("/requests/curl", paste_curl, methods=["POST"]),
    Route("/requests/{request_id}", show),
    Route("/requests/{request_id}/duplicate", duplicate, methods=["POST"]),
    Route("/requests/{request_id}/delete", delete, methods=["POST"]),
]

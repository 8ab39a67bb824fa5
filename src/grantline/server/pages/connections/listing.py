"""The list of connections, and the small things done to one from its menu."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.connection import Connection
from grantline.connections.labels import label_of
from grantline.connections.listing import ALL, MINE, NEEDS_ATTENTION
from grantline.connections.planning import ConnectionEdit
from grantline.errors import GrantlineError, InvalidInput, NameTaken
from grantline.server.flash import Tone
from grantline.server.page import actor_of, engine_of, page, see_other, settings_of
from grantline.server.pages.connections.parked import parked_runs
from grantline.server.pages.connections.service import service_of
from grantline.server.pages.list_pages import FIRST, PER_PAGE, ListPage

FILTERS: Final = ((ALL, "All"), (MINE, "Mine"), (NEEDS_ATTENTION, "Needs attention"))


async def overview(request: Request) -> Response:
    """One page of the list, searched and filtered."""
    listing, actor = engine_of(request).listing, actor_of(request)
    query = request.query_params.get("q", "").strip()
    show = request.query_params.get("show", ALL)
    shown = ListPage.of(request)
    found = await listing.page(actor, query=query, show=show, offset=shown.offset, limit=PER_PAGE)
    tabs = []
    for value, word in FILTERS:
        is_here = value == show
        total = found.total
        if not is_here:
            total = (await listing.page(actor, query=query, show=value, limit=1)).total
        is_urgent = value == NEEDS_ATTENTION and total > 0
        tabs.append((_list_url(query, value), word, total, is_here, is_urgent))
    parked, waiting = await parked_runs(request)
    return page(
        request,
        "connections/list.html",
        found=found,
        service_of=partial(service_of, demo=settings_of(request).demo),
        query=query,
        show=show,
        tabs=tabs,
        pages=shown,
        parked=parked,
        waiting=waiting,
    )


async def verify(request: Request) -> Response:
    """A tick, or the reason and the next step; beside the state in the list."""
    engine, actor = engine_of(request), actor_of(request)
    verdict = await engine.verify(actor, request.path_params["id"])
    found = await engine.find(actor, request.path_params["id"])
    if request.headers.get("HX-Request") != "true":
        tone = {True: Tone.OK, False: Tone.DANGER, None: Tone.INFO}[verdict.works]
        return see_other(request, f"/connections/{found.id}", verdict.explanation, tone=tone)
    return page(request, "connections/verdict.html", verdict=verdict, connection=found)


async def rename_form(request: Request) -> Response:
    """A new name for it."""
    return _small_form(request, await _find(request), "rename")


async def rename(request: Request) -> Response:
    """The connection under another name; tokens and everything else stay."""
    found, name = await _find(request), await _name(request)
    edit = ConnectionEdit(name=name, version=found.version)
    try:
        await engine_of(request).manage.edit(actor_of(request), found.id, edit)
    except (InvalidInput, NameTaken) as error:
        return _small_form(request, found, "rename", name=name, error=error)
    return see_other(request, f"/connections/{found.id}", f"It is called “{name}” now.")


async def duplicate_form(request: Request) -> Response:
    """A name for the copy."""
    found = await _find(request)
    return _small_form(request, found, "duplicate", name=f"{found.name[:95]}-2")


async def duplicate(request: Request) -> Response:
    """A draft with the same settings, for another account."""
    found, name = await _find(request), await _name(request)
    try:
        made = await engine_of(request).manage.duplicate(actor_of(request), found.id, name)
    except (InvalidInput, NameTaken) as error:
        return _small_form(request, found, "duplicate", name=name, error=error)
    return see_other(request, f"/connections/{made.id}", f"“{name}” is there as a draft.")


async def delete_form(request: Request) -> Response:
    """What deleting would break, and what it does at the service."""
    found = await _find(request)
    uses = await engine_of(request).used_by(actor_of(request), connection_id=found.id, limit=FIRST)
    return page(request, "connections/delete.html", connection=found, uses=uses)


async def delete(request: Request) -> Response:
    """Gone here, and revoked at the service where that can be done."""
    gone = await engine_of(request).delete(actor_of(request), request.path_params["id"])
    tone = Tone.OK if gone.revocation.revoked else Tone.WARNING
    said = f"“{gone.name}” is deleted. {gone.revocation.note}"
    return see_other(request, "/connections", said, tone=tone)


def _small_form(
    request: Request,
    found: Connection,
    action: str,
    *,
    name: str = "",
    error: GrantlineError | None = None,
) -> Response:
    context: dict[str, Any] = {"connection": found, "action": action, "name": name or found.name}
    if isinstance(error, NameTaken):
        error = InvalidInput(error.message, field=label_of("name"), hint=error.hint)
    status = 422 if error else 200
    return page(request, "connections/name.html", status=status, error=error, **context)


async def _find(request: Request) -> Connection:
    return await engine_of(request).find(actor_of(request), request.path_params["id"])


async def _name(request: Request) -> str:
    return str((await request.form()).get("name", "")).strip()


def _list_url(query: str, show: str) -> str:
    asked = {"q": query, "show": "" if show == ALL else show}
    kept = {name: value for name, value in asked.items() if value}
    return f"/connections?{urlencode(kept)}" if kept else "/connections"


ROUTES: Final[list[BaseRoute]] = [
    Route("/connections", overview),
    Route("/connections/{id}/verify", verify, methods=["POST"]),
    Route("/connections/{id}/rename", rename_form),
    Route("/connections/{id}/rename", rename, methods=["POST"]),
    Route("/connections/{id}/duplicate", duplicate_form),
    Route("/connections/{id}/duplicate", duplicate, methods=["POST"]),
    Route("/connections/{id}/delete", delete_form),
    Route("/connections/{id}/delete", delete, methods=["POST"]),
]

"""One connection: what it is good for, what ails it and what helps, and what was said about it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.connections.connection import Connection
from grantline.connections.state import State
from grantline.connections.transcript import as_text
from grantline.errors import GrantlineError
from grantline.oauth.app.settings import FlowType
from grantline.server.errors import Problem
from grantline.server.page import (
    actor_of,
    engine_of,
    now_of,
    page,
    settings_of,
    visitor_of,
    web_of,
)
from grantline.server.pages.connections.doctor import marked
from grantline.server.pages.connections.events import in_words
from grantline.server.pages.connections.parked import parked_on
from grantline.server.pages.connections.service import service_of
from grantline.server.pages.list_pages import FIRST

MOST_EVENTS: Final = 200
# Findings that another consent would meet again: something in the form has to change before.
EDITED: Final = frozenset(
    {
        "client_refused",
        "scope_refused",
        "endpoint_moved",
        "not_a_token_response",
        "no_refresh_token",
    }
)


async def show(request: Request) -> Response:
    """State, the doctor when something is wrong, and the facts."""
    engine, actor = engine_of(request), actor_of(request)
    found = await _find(request)
    error = _failure(request)
    diagnoses = await engine.diagnose(actor, found.id, error)
    uses = await engine.used_by(actor, connection_id=found.id, limit=FIRST)
    uri = settings_of(request).redirect_uri(found.app.settings) if found.flow.needs_browser else ""
    return page(
        request,
        "connections/detail.html",
        connection=found,
        problem=Problem.of(error) if error else None,
        diagnoses=[(each, marked(each.differs)) for each in diagnoses],
        edited=EDITED,
        uses=uses,
        service=service_of(found, settings_of(request).demo),
        missing=missing_scopes(found),
        renewal=_renewal(found),
        redirect_uri=uri,
        is_draft=found.state is State.DRAFT,
        parked=await parked_on(request, found.id),
    )


async def history(request: Request) -> Response:
    """What happened to it, newest first."""
    found = await _find(request)
    events = await engine_of(request).history(actor_of(request), found.id, limit=MOST_EVENTS)
    told = [(each, *in_words(each)) for each in events]
    return page(request, "connections/history.html", connection=found, told=told)


async def transcript(request: Request) -> Response:
    """What was said to and by the authorization server, with secrets masked."""
    found = await _find(request)
    lines = await engine_of(request).transcript(actor_of(request), found.id)
    return page(
        request, "connections/transcript.html", connection=found, lines=tuple(reversed(lines))
    )


async def transcript_text(request: Request) -> Response:
    """The same as a file for a support ticket."""
    found = await _find(request)
    lines = await engine_of(request).transcript(actor_of(request), found.id)
    disposition = f'attachment; filename="transcript-{found.id}.txt"'
    title = f"OAuth transcript of “{found.name}”"
    return PlainTextResponse(
        as_text(lines, title=title), headers={"Content-Disposition": disposition}
    )


def missing_scopes(found: Connection) -> tuple[str, ...]:
    """Scopes that were asked for and not granted."""
    if found.granted_scopes is None or found.authorized_at is None:
        return ()
    return tuple(each for each in found.scopes if each not in found.granted_scopes)


def _failure(request: Request) -> GrantlineError | None:
    """The error that this visit is about, kept for a while for this session alone."""
    results, connection_id = web_of(request).results, request.path_params["id"]
    binding, now = visitor_of(request).binding, now_of(request)
    failed = results.find(request.query_params.get("problem", ""), binding=binding, now=now)
    if failed is None and "refused" in request.query_params:
        failed = results.latest(connection_id, binding=binding, now=now)
    return failed.error if failed is not None and failed.connection_id == connection_id else None


def _renewal(found: Connection) -> str:
    if found.authorized_at is None:
        return ""
    if found.state is State.REAUTHORIZATION_REQUIRED:
        return "Not before it is authorized again"
    if found.has_refresh_token:
        return "By itself, with a refresh token"
    if found.flow.needs_browser or found.flow is FlowType.DEVICE:
        return "Not by itself: there is no refresh token"
    return "By itself, by asking for a new token"


async def _find(request: Request) -> Connection:
    return await engine_of(request).find(actor_of(request), request.path_params["id"])


ROUTES: Final[list[BaseRoute]] = [
    Route("/connections/{id}/history", history),
    Route("/connections/{id}/transcript", transcript),
    Route("/connections/{id}/transcript.txt", transcript_text),
    Route("/connections/{id}", show),
]

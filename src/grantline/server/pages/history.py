"""The history: every run with its request and answer, secrets masked."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.connection import Connection
from grantline.connections.requests.saved_requests import SavedRequest
from grantline.errors import ConnectionNotFound, NotFound
from grantline.server.page import actor_of, engine_of, page, see_other
from grantline.server.pages.list_pages import PER_PAGE, ListPage
from grantline.server.pages.requests.answer import answer_of, body_of, media_type_of
from grantline.server.pages.requests.bench import bench_of
from grantline.server.pages.requests.page import choices_of

STATUS_FILTERS: Final = (
    ("", "All"),
    ("2", "2xx"),
    ("3", "3xx"),
    ("4", "4xx"),
    ("5", "5xx"),
    ("0", "No answer"),
)
# Shown by a page of ours inside <img>; everything else is downloaded or shown as plain text.
IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
# If a browser opens a body as a page of its own, nothing in it may act.
BODY_POLICY: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"


async def overview(request: Request) -> Response:
    """The runs, newest first, those that fit the filters in the address."""
    engine, actor = engine_of(request), actor_of(request)
    asked = request.query_params
    query, status = asked.get("q", "").strip(), asked.get("status", "")
    connection_id, request_id = asked.get("connection", ""), asked.get("request", "")
    at = ListPage.of(request)
    found = await engine.runs.page(
        actor,
        query=query,
        connection_id=connection_id or None,
        request_id=request_id or None,
        status_class=int(status) if status in {"0", "2", "3", "4", "5"} else None,
        offset=at.offset,
        limit=PER_PAGE,
    )
    return page(
        request,
        "history/list.html",
        runs=found.rows,
        total=found.total,
        at=at,
        query=query,
        status_class=status,
        request_id=request_id,
        statuses=STATUS_FILTERS,
        names=await engine.listing.names(
            actor, {each.connection_id for each in found.rows if each.connection_id}
        ),
        choices=await choices_of(request, connection_id),
        is_filtered=bool(query or status or connection_id or request_id),
    )


async def show(request: Request) -> Response:
    """One run in full."""
    actor, run_id = actor_of(request), request.path_params["run_id"]
    detail = await engine_of(request).runs.find(actor, run_id)
    answer = await answer_of(detail, bench_of(request).made(actor, run_id))
    return page(
        request,
        "history/detail.html",
        run=detail.run,
        sent=detail.request,
        sent_body=body_of(detail.request.body),
        error=detail.error,
        answer=answer,
        sendings=detail.attempts,
        connection=await _connection(request, detail.run.connection_id),
        saved=await _saved(request, detail.run.request_id),
    )


async def body(request: Request) -> Response:
    """The bytes of an answer: whole when it is still at hand, else what the history has."""
    actor, run_id = actor_of(request), request.path_params["run_id"]
    detail = await engine_of(request).runs.find(actor, run_id)
    if detail.response is None:
        raise NotFound("This run has no answer.", hint="Its page says why.")
    made = bench_of(request).made(actor, run_id)
    content = made.response.content if made and made.response else detail.response.body.data
    media_type = media_type_of(content, detail.response.body.media_type)
    headers = {"Content-Security-Policy": BODY_POLICY}
    if "download" in request.query_params:
        headers["Content-Disposition"] = f'attachment; filename="{run_id}{_ending(media_type)}"'
        return Response(content, headers=headers, media_type="application/octet-stream")
    if media_type in IMAGES:
        return Response(content, headers=headers, media_type=media_type)
    return Response(content, headers=headers, media_type="text/plain")


async def delete(request: Request) -> Response:
    """Takes a run out of the history."""
    await engine_of(request).runs.delete(actor_of(request), request.path_params["run_id"])
    return see_other(request, "/history", "The run is deleted.")


async def _connection(request: Request, connection_id: str | None) -> Connection | None:
    if connection_id is None:
        return None
    try:
        return await engine_of(request).find(actor_of(request), connection_id)
    except ConnectionNotFound:
        return None


async def _saved(request: Request, request_id: str | None) -> SavedRequest | None:
    if request_id is None:
        return None
    try:
        return await engine_of(request).requests.find(actor_of(request), request_id)
    except NotFound:
        return None


def _ending(media_type: str) -> str:
    """A file name's ending for a media type: the types people open, else none is guessed."""
    return {
        "application/json": ".json",
        "application/pdf": ".pdf",
        "application/xml": ".xml",
        "application/zip": ".zip",
        "image/gif": ".gif",
        "image/jpeg": ".jpg",
        "image/png": ".png",
        "image/webp": ".webp",
        "text/csv": ".csv",
        "text/html": ".html",
        "text/plain": ".txt",
        "text/xml": ".xml",
    }.get(media_type, ".bin")


ROUTES: Final[list[BaseRoute]] = [
    Route("/history", overview),
    Route("/history/{run_id}", show),
    Route("/history/{run_id}/body", body),
    Route("/history/{run_id}/delete", delete, methods=["POST"]),
]

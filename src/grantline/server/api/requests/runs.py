"""The history of requests: what was asked, what came back, how long it took; secrets masked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from grantline.connections.requests.run_detail import SeenBody, SeenRequest, SeenResponse
from grantline.connections.requests.runs import Run
from grantline.server.api.auth import Manager, Reader, TheEngine
from grantline.server.api.fields import (
    HeaderShown,
    Limit,
    Listed,
    Offset,
    Ref,
    Search,
    Shown,
    body_view,
)
from grantline.server.api.requests.models_calls import AttemptShown, attempts_view

router: Final = APIRouter(prefix="/runs", tags=["History"])
Subject = Annotated[str | None, Query(description="An id.", max_length=100)]
StatusClass = Annotated[
    int | None, Query(description="2 for 2xx and so on; 0 for no answer at all.", ge=0, le=5)
]


class RunShown(Shown):
    """One request that was made."""

    id: str
    owner: str
    at: datetime
    request_id: str | None
    """The saved request that it was made from."""
    connection_id: str | None
    method: str
    url: str
    status: int | None
    """Null when no answer came."""
    error_code: str
    """Why none came; empty when one did."""
    elapsed_s: float
    attempts: int
    size_bytes: int


class SeenBodyShown(Shown):
    """The beginning of a body."""

    media_type: str
    size_bytes: int
    truncated: bool
    body: str | None
    body_base64: str | None


class SeenRequestShown(Shown):
    """The request as it was sent, but for its secrets."""

    method: str
    url: str
    headers: list[HeaderShown]
    content: SeenBodyShown


class SeenResponseShown(Shown):
    """The answer as it came, but for secrets of ours."""

    status: int
    url: str
    redirects: list[str]
    headers: list[HeaderShown]
    content: SeenBodyShown


class SeenErrorShown(Shown):
    """Why there was no answer."""

    code: str
    message: str
    hint: str


class RunDetailShown(RunShown):
    """One request that was made, with its answer or the error."""

    request: SeenRequestShown
    response: SeenResponseShown | None
    error: SeenErrorShown | None
    attempt_log: list[AttemptShown]
    """Every sending; empty for runs of earlier versions."""


@router.get("", response_model=Listed[RunShown])
async def list_runs(
    *,
    caller: Reader,
    engine: TheEngine,
    q: Search = "",
    connection_id: Subject = None,
    request_id: Subject = None,
    status_class: StatusClass = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> Any:
    """Requests that were made, newest first."""
    page = await engine.runs.page(
        caller.actor,
        query=q,
        connection_id=connection_id,
        request_id=request_id,
        status_class=status_class,
        offset=offset,
        limit=limit,
    )
    return {"items": [run_view(each) for each in page.rows], "total": page.total}


@router.get("/{run}", response_model=RunDetailShown)
async def get_run(caller: Manager, engine: TheEngine, run: Ref) -> Any:
    """One request that was made, whole."""
    found = await engine.runs.find(caller.actor, run)
    error = found.error
    return {
        **run_view(found.run),
        "request": _exchange_view(found.request),
        "response": found.response and _exchange_view(found.response),
        "error": error and {"code": error.code, "message": error.message, "hint": error.hint},
        "attempt_log": attempts_view(found.attempts),
    }


@router.delete("/{run}", status_code=204)
async def delete_run(caller: Manager, engine: TheEngine, run: Ref) -> None:
    """Takes a run out of the history."""
    await engine.runs.delete(caller.actor, run)


def run_view(run: Run) -> dict[str, Any]:
    """The fields of ``RunShown``."""
    names = set(RunShown.model_fields) - {"elapsed_s"}
    plain = {name: getattr(run, name) for name in names}
    return {**plain, "elapsed_s": round(run.duration.total_seconds(), 6)}


def _exchange_view(seen: SeenRequest | SeenResponse) -> dict[str, Any]:
    plain: dict[str, Any] = {"url": seen.url, "headers": seen.headers}
    if isinstance(seen, SeenRequest):
        plain["method"] = seen.method
    else:
        plain |= {"status": seen.status, "redirects": seen.redirects}
    return {**plain, "content": _body_view(seen.body)}


def _body_view(body: SeenBody) -> dict[str, Any]:
    names = ("media_type", "truncated")
    plain = {name: getattr(body, name) for name in names}
    return {**plain, "size_bytes": body.size, **body_view(body.data)}

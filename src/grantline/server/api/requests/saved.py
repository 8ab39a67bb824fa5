"""Requests kept under a name: list, create, read, edit, duplicate, delete, run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Response

from grantline.calls.request import RequestSpec
from grantline.connections.requests.saved_requests import (
    KEEP,
    Keep,
    NewRequest,
    RequestEdit,
    SavedRequest,
)
from grantline.server.api.address import API_PREFIX
from grantline.server.api.auth import Manager, Reader, TheEngine
from grantline.server.api.fields import DuplicateGiven, Limit, Listed, Offset, Ref, Search
from grantline.server.api.requests.models import (
    NewRequestGiven,
    RequestEdited,
    SavedRequestShown,
    SummaryShown,
    credential_names,
    saved_view,
    spec_fields,
    summary_view,
)
from grantline.server.api.requests.requests import ResponseShown, answer_of, connection_id_of
from grantline.server.api.versions import IfMatch, expected, tag

router: Final = APIRouter(prefix="/saved-requests", tags=["Saved requests"])


@router.get("", response_model=Listed[SummaryShown])
async def list_saved_requests(
    caller: Reader, engine: TheEngine, q: Search = "", offset: Offset = 0, limit: Limit = 50
) -> Any:
    """Saved requests by name."""
    page = await engine.requests.page(caller.actor, query=q, offset=offset, limit=limit)
    return {"items": [summary_view(each) for each in page.rows], "total": page.total}


@router.post("", status_code=201, response_model=SavedRequestShown)
async def create_saved_request(
    caller: Manager, engine: TheEngine, given: NewRequestGiven, response: Response
) -> Any:
    """Keeps a request under a name. It refers to connection and credentials, and copies none."""
    made = await engine.requests.create(
        caller.actor,
        NewRequest(
            name=given.name,
            spec=RequestSpec(**spec_fields(given)),
            connection_id=await connection_id_of(engine, caller.actor, given.connection),
            credentials=await engine.credentials.ids(caller.actor, credential_names(given)),
        ),
    )
    return _created(response, made)


@router.get("/{request}", response_model=SavedRequestShown)
async def get_saved_request(
    caller: Manager, engine: TheEngine, request: Ref, response: Response
) -> Any:
    """One saved request."""
    found = await engine.requests.find(caller.actor, request)
    tag(response, found.version)
    return saved_view(found)


@router.patch("/{request}", response_model=SavedRequestShown)
async def edit_saved_request(
    *,
    caller: Manager,
    engine: TheEngine,
    request: Ref,
    given: RequestEdited,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Changes what is given and nothing else."""
    old = await engine.requests.find(caller.actor, request)
    changes = spec_fields(given)
    connection: str | Keep | None = KEEP
    if "connection" in given.model_fields_set:
        connection = await connection_id_of(engine, caller.actor, given.connection)
    edited = await engine.requests.edit(
        caller.actor,
        old.id,
        RequestEdit(
            name=given.name,
            spec=replace(old.spec, **changes) if changes else None,
            connection_id=connection,
            credentials=await engine.credentials.ids(
                caller.actor, credential_names(given), over=old.credentials
            ),
            form=_form(old, changes),
            version=expected(given.version, if_match) or old.version,
        ),
    )
    tag(response, edited.version)
    return saved_view(edited)


@router.delete("/{request}", response_model=SummaryShown)
async def delete_saved_request(caller: Manager, engine: TheEngine, request: Ref) -> Any:
    """Deletes a saved request; its runs stay in the history."""
    return summary_view(await engine.requests.delete(caller.actor, request))


@router.post("/{request}/duplicate", status_code=201, response_model=SavedRequestShown)
async def duplicate_saved_request(
    caller: Manager, engine: TheEngine, request: Ref, given: DuplicateGiven, response: Response
) -> Any:
    """The same request once more, under another name."""
    return _created(response, await engine.requests.duplicate(caller.actor, request, given.name))


@router.post("/{request}/run", response_model=ResponseShown)
async def run_saved_request(caller: Reader, engine: TheEngine, request: Ref) -> Any:
    """Makes the saved request, as it is now and with its connection as it is now."""
    return answer_of(await engine.run_saved(caller.actor, request))


def _form(old: SavedRequest, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """What pages keep beside the request, but for how a body was typed that is now another."""
    if "content" not in changes:
        return old.form
    return {name: value for name, value in old.form.items() if name != "body"}


def _created(response: Response, made: SavedRequest) -> dict[str, Any]:
    response.headers["Location"] = f"{API_PREFIX}/saved-requests/{made.id}"
    tag(response, made.version)
    return saved_view(made)

"""Apps: list, read, edit, delete. They are created together with their first connection."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Response

from grantline.server.api.auth import Manager, TheEngine
from grantline.server.api.connections.models import (
    AppEdited,
    AppShown,
    EditedApp,
    app_view,
    price_view,
    secrets_from,
)
from grantline.server.api.fields import Limit, Listed, Offset, Ref, Search
from grantline.server.api.versions import IfMatch, expected, tag

router: Final = APIRouter(prefix="/apps", tags=["Apps"])


@router.get("", response_model=Listed[AppShown])
async def list_apps(
    caller: Manager, engine: TheEngine, q: Search = "", offset: Offset = 0, limit: Limit = 50
) -> Any:
    """Apps by name; `q` searches names and providers."""
    page = await engine.listing.apps(caller.actor, query=q, offset=offset, limit=limit)
    items = [
        app_view(each, await engine.manage.connections_of(caller.actor, each.id))
        for each in page.rows
    ]
    return {"items": items, "total": page.total}


@router.get("/{app}", response_model=AppShown)
async def get_app(caller: Manager, engine: TheEngine, app: Ref, response: Response) -> Any:
    """One app with its settings."""
    found = await engine.manage.app(caller.actor, app)
    tag(response, found.version)
    return app_view(found, await engine.manage.connections_of(caller.actor, found.id))


@router.patch("/{app}", response_model=EditedApp)
async def edit_app(
    *,
    caller: Manager,
    engine: TheEngine,
    app: Ref,
    given: AppEdited,
    response: Response,
    if_match: IfMatch = None,
) -> Any:
    """Changes what is given and nothing else; all connections of the app follow."""
    edited, price, users = await engine.manage.edit_app(
        caller.actor,
        app,
        new_name=given.name,
        settings=given.settings,
        secrets=secrets_from(given.secrets),
        version=expected(given.version, if_match),
    )
    tag(response, edited.version)
    return {**app_view(edited, users), **price_view(price, users)}


@router.delete("/{app}", response_model=AppShown)
async def delete_app(caller: Manager, engine: TheEngine, app: Ref) -> Any:
    """Deletes an app that no connection uses, and at the service what it registered there."""
    return app_view((await engine.registrar.delete_app(caller.actor, app)).app, ())

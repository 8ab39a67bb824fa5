"""Who did what, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query

from grantline.server.api.auth import Manager, TheEngine
from grantline.server.api.fields import Listed, Ref, Shown
from grantline.store.records.audit import Event

router: Final = APIRouter(tags=["History"])

Most = Annotated[int, Query(description="How many to give.", ge=1, le=1000)]


class EventShown(Shown):
    """One line of the history."""

    id: str
    at: datetime
    actor: str
    kind: str
    subject: str
    data: dict[str, Any]


@router.get("/history", response_model=Listed[EventShown])
async def list_events(caller: Manager, engine: TheEngine, limit: Most = 50) -> Any:
    """What happened in the workspace."""
    return _listed(await engine.history(caller.actor, limit=limit))


@router.get("/connections/{connection}/history", response_model=Listed[EventShown])
async def list_events_of_connection(
    caller: Manager, engine: TheEngine, connection: Ref, limit: Most = 50
) -> Any:
    """What happened to a connection."""
    return _listed(await engine.history(caller.actor, connection, limit=limit))


def _listed(events: Any) -> dict[str, Any]:
    items = [event_view(each) for each in events]
    return {"items": items, "total": len(items)}


def event_view(event: Event) -> dict[str, Any]:
    """The fields of ``EventShown``."""
    return {name: getattr(event, name) for name in EventShown.model_fields}

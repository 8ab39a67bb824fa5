"""Keys for this API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import Field

from grantline.server.api.auth import Manager
from grantline.server.api.fields import Given, Listed, Ref, Shown
from grantline.server.api_keys import Scope
from grantline.server.page import web_of

router: Final = APIRouter(prefix="/api-keys", tags=["API keys"])


class NewKeyGiven(Given):
    """A new key."""

    name: Annotated[str, Field(max_length=200, examples=["nightly report"])]
    scope: Scope
    """`use` makes requests; `manage` does everything its owner may."""


class KeyShown(Shown):
    """A key, without the key itself."""

    id: str
    name: str
    owner: str
    scope: Scope
    beginning: str
    """Its first characters; empty for keys made before these were kept."""
    created_at: datetime
    last_used_at: datetime | None


class NewKeyShown(KeyShown):
    """A new key."""

    key: str
    """The key itself. It is shown this once, and kept as a hash."""


@router.get("", response_model=Listed[KeyShown])
async def list_api_keys(caller: Manager, request: Request) -> Any:
    """The keys that are not revoked, newest first."""
    found = await web_of(request).api_keys.keys(caller.actor)
    return {"items": [_view(each) for each in found], "total": len(found)}


@router.post("", status_code=201, response_model=NewKeyShown)
async def create_api_key(caller: Manager, request: Request, given: NewKeyGiven) -> Any:
    """Makes a key, and shows it this once."""
    made, secret = await web_of(request).api_keys.create(caller.actor, given.name, given.scope)
    return {**_view(made), "key": secret.reveal()}


@router.delete("/{key}", status_code=204)
async def revoke_api_key(caller: Manager, request: Request, key: Ref) -> None:
    """Ends a key for good; ending it again changes nothing."""
    await web_of(request).api_keys.revoke(caller.actor, key)


def _view(key: Any) -> dict[str, Any]:
    return {name: getattr(key, name) for name in KeyShown.model_fields}

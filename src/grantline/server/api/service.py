"""This installation itself: its health, its version, and what it can do."""

from __future__ import annotations

from typing import Any, Final, Literal

from fastapi import APIRouter

from grantline.server.api.auth import Reader, TheSettings
from grantline.server.api.fields import Shown
from grantline.server.api_keys import Scope
from grantline.version import __version__

router: Final = APIRouter(tags=["Service"])


class HealthShown(Shown):
    """That the process answers."""

    status: Literal["ok"]


class VersionShown(Shown):
    """What answers, and what the caller may do."""

    version: str
    public_url: str
    scope: Scope
    """What the key that was sent may do."""


@router.get("/health", response_model=HealthShown)
async def get_health() -> Any:
    """Whether the process answers. Needs no key."""
    return {"status": "ok"}


@router.get("/version", response_model=VersionShown)
async def get_version(caller: Reader, web: TheSettings) -> Any:
    """Which version answers, and whether the key is good."""
    return {"version": __version__, "public_url": web.public_url, "scope": caller.scope}

"""Settings: how this installation is reached, the password, and API keys."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.server.page import page


async def overview(request: Request) -> Response:
    """The page."""
    return page(request, "placeholder.html", title="Settings", icon="settings")


ROUTES: Final[list[BaseRoute]] = [Route("/settings", overview)]

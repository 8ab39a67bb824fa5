"""The page of connections: its place is kept here."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.server.page import page


async def overview(request: Request) -> Response:
    """The list."""
    return page(request, "placeholder.html", title="Connections", icon="plug")


ROUTES: Final[list[BaseRoute]] = [Route("/connections", overview)]

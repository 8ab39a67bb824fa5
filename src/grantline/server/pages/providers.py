"""The catalogue: what is known of each service, and the button that connects it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.providers.catalogue import found_profiles
from grantline.server.page import page


async def overview(request: Request) -> Response:
    """The services that were found, or all of them."""
    query = request.query_params.get("q", "").strip()
    return page(request, "providers/list.html", entries=found_profiles(query), query=query)


ROUTES: Final[list[BaseRoute]] = [Route("/providers", overview)]

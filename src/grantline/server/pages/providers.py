"""The catalogue: what is known of each service, and the button that connects it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.providers.catalogue import found_profiles
from grantline.server.page import page
from grantline.server.pages.list_pages import PER_PAGE, ListPage


async def overview(request: Request) -> Response:
    """One page of the services that were found, or of all of them."""
    query = request.query_params.get("q", "").strip()
    at, found = ListPage.of(request), found_profiles(query)
    shown = found[at.offset : at.offset + PER_PAGE]
    return page(request, "providers/list.html", entries=shown, total=len(found), query=query, at=at)


ROUTES: Final[list[BaseRoute]] = [Route("/providers", overview)]

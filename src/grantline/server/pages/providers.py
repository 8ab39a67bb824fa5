"""The catalogue: what is known of each service, and the button that connects it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.apps.catalogue import settings_of
from grantline.errors import NotFound, UnknownProvider
from grantline.providers.catalogue import found_profiles, profile
from grantline.server.page import page
from grantline.server.page import settings_of as server_settings
from grantline.server.pages.list_pages import PER_PAGE, ListPage


async def overview(request: Request) -> Response:
    """One page of the services that were found, or of all of them."""
    query = request.query_params.get("q", "").strip()
    at, found = ListPage.of(request), found_profiles(query)
    shown = found[at.offset : at.offset + PER_PAGE]
    return page(request, "providers/list.html", entries=shown, total=len(found), query=query, at=at)


async def detail(request: Request) -> Response:
    """All that is known of one service: credentials, scopes, traps, documentation."""
    try:
        entry = profile(request.path_params["name"])
    except UnknownProvider as error:
        raise NotFound(error.message, hint=error.hint) from None
    settings = settings_of(entry, client_id="")
    # An address that depends on what is typed shows in the form, once that is known.
    is_fixed = entry.flow.needs_browser and not settings.inputs
    redirect_uri = server_settings(request).redirect_uri(settings) if is_fixed else ""
    return page(
        request,
        "providers/detail.html",
        entry=entry,
        known=settings,
        redirect_uri=redirect_uri,
    )


ROUTES: Final[list[BaseRoute]] = [
    Route("/providers", overview),
    Route("/providers/{name}", detail),
]

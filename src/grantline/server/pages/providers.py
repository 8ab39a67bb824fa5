"""The catalogue: what is known of each service, and the button that connects it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.providers.profile import Profile, profile, profile_names
from grantline.server.page import page


async def overview(request: Request) -> Response:
    """The services that were found, or all of them."""
    query = request.query_params.get("q", "").strip()
    entries = [profile(name) for name in profile_names()]
    found = [each for each in entries if _matches(each, query)]
    return page(request, "providers/list.html", entries=found, query=query, total=len(entries))


def _matches(entry: Profile, query: str) -> bool:
    wanted = query.casefold()
    return any(wanted in text.casefold() for text in (entry.name, entry.title, *entry.hosts))


ROUTES: Final[list[BaseRoute]] = [Route("/providers", overview)]

"""The doctor of one connection: what is wrong or worth knowing, asked of the service on demand."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.connections.doctor.diagnosis import first_difference, is_well
from grantline.server.page import actor_of, engine_of, page, settings_of


async def show(request: Request) -> Response:
    """What is found; a ``POST`` asks the service's servers too, which takes a moment."""
    engine, actor, asks = engine_of(request), actor_of(request), request.method == "POST"
    connection = await engine.find(actor, request.path_params["id"])
    found = await engine.doctor.examine(
        actor, connection, asks=asks, public_url=settings_of(request).public_url
    )
    return page(
        request,
        "connections/examination.html",
        connection=connection,
        findings=[(each, marked(each.differs)) for each in found],
        asking=sum(not is_well([each]) for each in found),
        is_well=is_well(found),
        asked=asks,
    )


def marked(differs: tuple[str, str] | None) -> tuple[tuple[str, str, str], ...]:
    """Each of two strings that should be equal: what is the same, what differs, the rest."""
    if differs is None:
        return ()
    at = first_difference(*differs)
    tail = 0
    while tail < min(map(len, differs)) - at and differs[0][-1 - tail] == differs[1][-1 - tail]:
        tail += 1
    return tuple(
        (each[:at], each[at : len(each) - tail], each[len(each) - tail :]) for each in differs
    )


ROUTES: Final[list[BaseRoute]] = [
    Route("/connections/{id}/doctor", show, methods=["GET", "POST"]),
]

"""What answers where: the pages, room by room, the files, and the API."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from grantline.server import callback, client_document, hooks
from grantline.server.api.address import API_PREFIX
from grantline.server.api.later import ApiLater
from grantline.server.page import HOME, Web, engine_of, see_other
from grantline.server.pages import history, notice_settings, providers, settings, setup, signin
from grantline.server.pages.connections import routes as connections
from grantline.server.pages.credentials import pages as credentials
from grantline.server.pages.requests import routes as requests
from grantline.server.pages.scenarios import routes as scenarios
from grantline.server.selftest import identity


def routes(web: Web) -> list[BaseRoute]:
    """Every route of the app, the more particular ones first."""
    return [
        Route("/", home),
        Route("/healthz", healthz),
        web.assets.route(),
        Mount(API_PREFIX, app=ApiLater()),
        *setup.ROUTES,
        *signin.ROUTES,
        *client_document.ROUTES,
        *callback.ROUTES,
        *hooks.ROUTES,
        *connections.ROUTES,
        *credentials.ROUTES,
        *requests.ROUTES,
        *scenarios.ROUTES,
        *providers.ROUTES,
        *history.ROUTES,
        *notice_settings.ROUTES,
        *settings.ROUTES,
    ]


async def home(request: Request) -> Response:
    """The first page."""
    return see_other(request, HOME)


async def healthz(request: Request) -> Response:
    """Whether the process answers; what the self-test of the public URL looks for."""
    return PlainTextResponse(await identity(engine_of(request).context))

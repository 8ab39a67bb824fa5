"""What answers where, the more particular first."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from grantline.server.pages.scenarios import editor, files, listing, settings, trigger
from grantline.server.pages.scenarios.modules import page
from grantline.server.pages.scenarios.runs import routes as runs

ROUTES: Final[list[BaseRoute]] = [
    *runs.ROUTES,
    *files.ROUTES,
    *trigger.ROUTES,
    *settings.ROUTES,
    *page.ROUTES,
    *listing.ROUTES,
    *editor.ROUTES,
]

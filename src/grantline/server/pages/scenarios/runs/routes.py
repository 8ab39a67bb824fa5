"""What answers where, the more particular first."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from grantline.server.pages.scenarios.runs import compare, listing, once, run

ROUTES: Final[list[BaseRoute]] = [
    *listing.ROUTES,
    *compare.ROUTES,
    *once.ROUTES,
    *run.ROUTES,
]

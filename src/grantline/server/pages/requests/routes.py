"""What answers where, the more particular first."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from grantline.server.pages.requests import run, saved, ways

ROUTES: Final[list[BaseRoute]] = [
    *run.ROUTES,
    *ways.ROUTES,
    *saved.ROUTES,
]

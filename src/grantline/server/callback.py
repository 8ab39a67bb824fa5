"""Where services send browsers back."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

ROUTES: Final[list[BaseRoute]] = []

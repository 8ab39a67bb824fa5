"""What answers where, the more particular first."""

from __future__ import annotations

from typing import Final

from starlette.routing import BaseRoute

from grantline.server.pages.connections import consent, detail, doctor, edit, form, listing

ROUTES: Final[list[BaseRoute]] = [
    *listing.ROUTES,
    *form.ROUTES,
    *edit.ROUTES,
    *consent.ROUTES,
    *doctor.ROUTES,
    *detail.ROUTES,
]

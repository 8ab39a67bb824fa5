"""What authorization servers read of this installation: public, the same for everybody."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.connections.apps.client_document import DOCUMENT_PREFIX, client_document
from grantline.server.page import settings_of

# It says nothing that changes, unless the installation gets another address, and so another one.
CACHED: Final = "public, max-age=86400"


async def show(request: Request) -> Response:
    """The client ID metadata document of the apps of one authorization server."""
    found = client_document(request.path_params["digest"], settings_of(request).public_url)
    if found is None:
        raise HTTPException(404)
    return JSONResponse(found, headers={"Cache-Control": CACHED})


ROUTES: Final[list[BaseRoute]] = [Route(DOCUMENT_PREFIX + "{digest}.json", show)]

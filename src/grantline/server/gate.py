"""Who may pass: everything needs somebody who is signed in, but for a short list."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from grantline.server.page import Web, is_part, sign_in_url

# The API asks for its own keys, and the address of a webhook is one; the callback says itself what
# a missing session means.
PUBLIC: Final = ("/static/", "/api/", "/oauth/", "/hooks/", "/sign-in", "/setup", "/healthz")


class Gate:
    """Finds the visitor by the session's cookie, and leads everybody else to the sign-in page."""

    def __init__(self, app: ASGIApp, *, web: Web) -> None:
        self._app = app
        self._web = web

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["grantline.web"] = self._web
        if scope["path"].startswith("/static/"):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        sessions = self._web.sessions
        visitor = await sessions.find(request.cookies.get(sessions.cookie, ""))
        scope["grantline.visitor"] = visitor
        if visitor is not None or _is_public(scope["path"]):
            await self._app(scope, receive, send)
            return
        target = "/setup"
        if await self._web.accounts.has_owner():
            target = sign_in_url(_here(request))
        await _go(request, target)(scope, receive, send)


def _is_public(path: str) -> bool:
    return any(path == each or path.startswith(each.rstrip("/") + "/") for each in PUBLIC)


def _here(request: Request) -> str:
    if request.method != "GET" or is_part(request):
        return ""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def _go(request: Request, target: str) -> Response:
    if is_part(request):
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)

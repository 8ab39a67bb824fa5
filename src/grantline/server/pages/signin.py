"""Signing in and out."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import GrantlineError
from grantline.secret import Secret
from grantline.server.accounts import SignInRefused, TooManyAttempts
from grantline.server.page import find_visitor, next_path, page, see_other, visitor_of, web_of


async def show(request: Request) -> Response:
    """The form; whoever is signed in goes on."""
    target = next_path(request.query_params.get("next"))
    if find_visitor(request) is not None:
        return see_other(request, target)
    if not await web_of(request).accounts.has_owner():
        return see_other(request, "/setup")
    return _form(request, target)


async def sign_in(request: Request) -> Response:
    """A new session, or the form again with the reason."""
    web = web_of(request)
    form = await request.form()
    name, target = str(form.get("name", "")), next_path(str(form.get("next", "")))
    try:
        user = await web.accounts.sign_in(
            name, Secret(str(form.get("password", ""))), address=_address(request)
        )
    except (SignInRefused, TooManyAttempts) as error:
        return _form(request, target, name=name, error=error)
    response = see_other(request, target)
    await web.sessions.open(user, response)
    return response


async def sign_out(request: Request) -> Response:
    """Ends the session."""
    response = see_other(request, "/sign-in", "You are signed out.")
    await web_of(request).sessions.end(visitor_of(request), response)
    return response


def _form(
    request: Request, target: str, *, name: str = "", error: GrantlineError | None = None
) -> Response:
    status = 200 if error is None else error.http_status
    return page(request, "sign-in.html", status=status, target=target, name=name, error=error)


def _address(request: Request) -> str:
    """Where the connection comes from: behind a proxy, the proxy; its headers are not believed."""
    return request.client.host if request.client else ""


ROUTES: Final[list[BaseRoute]] = [
    Route("/sign-in", show),
    Route("/sign-in", sign_in, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
]

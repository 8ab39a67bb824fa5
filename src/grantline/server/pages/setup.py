"""The first visit: creating the owner's account."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import InvalidInput
from grantline.secret import Secret
from grantline.server.page import HOME, page, see_other, web_of
from grantline.server.passwords import FIELD as PASSWORD_FIELD
from grantline.server.passwords import SHORTEST

TOKEN_FIELD: Final = "Set-up code"


async def show(request: Request) -> Response:
    """The form, while there is no owner."""
    if await web_of(request).accounts.has_owner():
        return see_other(request, "/sign-in")
    return _form(request)


async def create(request: Request) -> Response:
    """Creates the owner and signs them in."""
    web = web_of(request)
    form = await request.form()
    name, password, again, token = (
        str(form.get(each, "")) for each in ("name", "password", "again", "token")
    )
    try:
        wanted = web.settings.setup_token
        if wanted is not None and Secret(token.strip()) != wanted:
            raise InvalidInput(
                "This is not the code that the terminal shows.",
                field=TOKEN_FIELD,
                hint="It was printed when grantline serve started.",
            )
        if password != again:
            raise InvalidInput("The two passwords differ.", field=PASSWORD_FIELD)
        owner = await web.accounts.create_owner(name, Secret(password))
    except InvalidInput as error:
        return _form(request, name=name, token=token, error=error, status=422)
    response = see_other(request, HOME, f"Welcome, {owner.name}.")
    await web.sessions.open(owner, response)
    return response


def _form(
    request: Request,
    *,
    name: str = "",
    token: str = "",
    error: InvalidInput | None = None,
    status: int = 200,
) -> Response:
    needs_token = web_of(request).settings.setup_token is not None
    return page(
        request,
        "setup.html",
        status=status,
        name=name,
        token=token,
        needs_token=needs_token,
        error=error,
        shortest=SHORTEST,
    )


ROUTES: Final[list[BaseRoute]] = [
    Route("/setup", show),
    Route("/setup", create, methods=["POST"]),
]

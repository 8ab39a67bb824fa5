"""Settings: the account, the address browsers use, API keys, and what this installation is."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import GrantlineError, InvalidInput
from grantline.secret import Secret
from grantline.server.accounts import NEW_PASSWORD_FIELD, TooManyAttempts
from grantline.server.api_keys import Scope
from grantline.server.page import (
    actor_of,
    engine_of,
    is_part,
    page,
    see_other,
    settings_of,
    visitor_of,
    web_of,
)
from grantline.server.passwords import SHORTEST
from grantline.server.selftest import Finding, check_public_url

HERE: Final = "/settings"


async def overview(request: Request) -> Response:
    """The page, and once a key that was just made."""
    word, binding = request.query_params.get("new", ""), visitor_of(request).binding
    made = web_of(request).new_keys.take(word, binding=binding)
    if made is None:
        return await _page(request)
    key, secret = made
    return await _page(request, new_key=key, new_secret=secret.reveal())


async def self_test(request: Request) -> Response:
    """The page, with what asking for the public URL found."""
    finding = await check_public_url(engine_of(request).context, settings_of(request))
    if is_part(request):
        return page(request, "settings/finding.html", finding=finding)
    return await _page(request, finding=finding)


async def examine(request: Request) -> Response:
    """The page, with what the doctor finds of keys and database."""
    found = await engine_of(request).doctor.installation()
    if is_part(request):
        return page(request, "settings/examined.html", findings=found)
    return await _page(request, findings=found)


async def change_password(request: Request) -> Response:
    """Replaces the password and ends all other sessions."""
    web, visitor = web_of(request), visitor_of(request)
    form = await request.form()
    current, new, again = (str(form.get(each, "")) for each in ("current", "new", "again"))
    try:
        if new != again:
            raise InvalidInput("The two new passwords differ.", field=NEW_PASSWORD_FIELD)
        await web.accounts.change_password(visitor.user, Secret(current), Secret(new))
    except (InvalidInput, TooManyAttempts) as error:
        return await _page(request, status=422, error=error)
    ended = await web.sessions.end_others(visitor)
    also = f" and {ended} other session{'s' if ended > 1 else ''} ended" if ended else ""
    return see_other(request, HERE, f"Password changed{also}.")


async def end_others(request: Request) -> Response:
    """Ends all sessions but this one."""
    ended = await web_of(request).sessions.end_others(visitor_of(request))
    return see_other(
        request, HERE, f"{ended or 'No'} other session{'' if ended == 1 else 's'} ended."
    )


async def create_key(request: Request) -> Response:
    """Makes a key, and shows it this once."""
    form = await request.form()
    name = str(form.get("name", ""))
    try:
        scope = Scope(str(form.get("scope", "")))
        key, secret = await web_of(request).api_keys.create(actor_of(request), name, scope)
    except ValueError:
        error = InvalidInput("Choose what the key may do.", field="May")
        return await _page(request, status=422, error=error, key_name=name)
    except InvalidInput as error:
        return await _page(request, status=422, error=error, key_name=name)
    # Loading the page again must not make another key.
    word = web_of(request).new_keys.keep((key, secret), binding=visitor_of(request).binding)
    return see_other(request, f"{HERE}?new={word}")


async def revoke_key(request: Request) -> Response:
    """Ends a key."""
    await web_of(request).api_keys.revoke(actor_of(request), request.path_params["key_id"])
    return see_other(request, f"{HERE}#api-keys", "The key is revoked.")


async def _page(
    request: Request,
    *,
    status: int = 200,
    error: GrantlineError | None = None,
    finding: Finding | None = None,
    **context: Any,
) -> Response:
    web = web_of(request)
    engine = web.engine
    shown = {"findings": None, "key_name": "", "new_key": None, "new_secret": "", **context}
    return page(
        request,
        "settings/overview.html",
        status=status,
        error=error,
        finding=finding,
        shortest=SHORTEST,
        keys=await web.api_keys.keys(actor_of(request)),
        master_keys=await engine.context.stored(engine.context.store.list_keys),
        **shown,
    )


ROUTES: Final[list[BaseRoute]] = [
    Route(HERE, overview),
    Route(f"{HERE}/self-test", self_test),
    Route(f"{HERE}/examination", examine),
    Route(f"{HERE}/password", change_password, methods=["POST"]),
    Route(f"{HERE}/sessions/end", end_others, methods=["POST"]),
    Route(f"{HERE}/api-keys", create_key, methods=["POST"]),
    Route(f"{HERE}/api-keys/{{key_id}}/revoke", revoke_key, methods=["POST"]),
]

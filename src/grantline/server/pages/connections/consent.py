"""Getting consent: it begins, a page waits, and the page notices by itself that it was given.

Only a ``POST`` begins a consent. A script opens the window within the click itself and then sends
it to the address it gets as JSON; without scripts a page shows the address as a link.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from grantline.connections.connection import Connection
from grantline.connections.consent.authorize import Begun
from grantline.errors import CallbackRejected, GrantlineError
from grantline.oauth.app.settings import FlowType
from grantline.oauth.authorization.callback import STATE_LIFETIME
from grantline.server.errors import Problem
from grantline.server.flash import Tone
from grantline.server.page import (
    actor_of,
    engine_of,
    now_of,
    page,
    see_other,
    settings_of,
    visitor_of,
    web_of,
)
from grantline.server.pages.connections.service import service_of
from grantline.server.pages.returning import return_path, with_choice
from grantline.server.results import Failed
from grantline.server.templating import iso


async def begin(request: Request) -> Response:
    """Begins a consent, or gets a token at once where nobody is asked."""
    found = await engine_of(request).find(actor_of(request), request.path_params["id"])
    form = await request.form()
    any_account = form.get("any_account") == "yes"
    if found.flow.needs_browser and not _is_script(request):
        return await _page_with_link(request, found, any_account=any_account)
    return_to = return_path(form.get("return_to"))
    return await go_on(request, found, return_to=return_to, any_account=any_account)


async def go_on(
    request: Request,
    connection: Connection,
    *,
    return_to: str = "",
    said: str = "",
    any_account: bool = False,
) -> Response:
    """What follows on saving: consent in a browser, a code to type, or a token at once.

    Args:
        request: What was sent.
        connection: As it was saved.
        return_to: Where the person came from, to be led back to when all is done.
        said: What the next page says, when nobody is asked.
        any_account: Whether the account may be another one than before.
    """
    try:
        if connection.flow.needs_browser:
            return await _to_browser(request, connection, return_to, any_account=any_account)
        if connection.flow is FlowType.DEVICE:
            await web_of(request).device_waits.begin(actor_of(request), connection.id)
            return leads_to(request, _waiting_path(request, connection, return_to))
        await engine_of(request).authorize.obtain(actor_of(request), connection.id)
    except GrantlineError as error:
        return leads_to(request, failed_path(request, connection.id, error))
    target = _done_path(connection.id, return_to)
    return leads_to(request, target, said or f"“{connection.name}” is connected.")


def leads_to(request: Request, path: str, said: str = "", *, opens: str = "") -> Response:
    """Leads on to ``path``: as JSON for our script, else by 303; ``opens`` is for a window."""
    if _is_script(request):
        response: Response = JSONResponse({"next": path, "open": opens})
        if said:
            moved = see_other(request, path, said, tone=Tone.OK)
            response.raw_headers += [each for each in moved.raw_headers if each[0] == b"set-cookie"]
        return response
    return see_other(request, path, said)


def failed_path(request: Request, connection_id: str, error: GrantlineError) -> str:
    """The connection's page, where the doctor explains ``error``."""
    key = web_of(request).results.keep(
        Failed(
            error=error,
            connection_id=connection_id,
            binding=visitor_of(request).binding,
            at=now_of(request),
        )
    )
    return f"/connections/{connection_id}?problem={key}"


async def wait(request: Request) -> Response:
    """The page that waits until consent was given in another window or on another device."""
    actor, connection_id = actor_of(request), request.path_params["id"]
    found = await engine_of(request).find(actor, connection_id)
    asked = request.query_params
    device = web_of(request).device_waits.find(actor, connection_id)
    return page(
        request,
        "connections/consent.html",
        connection=found,
        service=service_of(found, settings_of(request).demo),
        device=device.start if device else None,
        qr=_qr_code(device.start.authorization.verification_uri_complete) if device else "",
        device_error=Problem.of(device.error) if device and device.error else None,
        is_open=asked.get("opened") == "1",
        return_to=return_path(asked.get("return_to")),
        poll=_progress_path(request, found),
    )


async def progress(request: Request) -> Response:
    """How far the consent is: still waiting, refused, or a redirect once it was given."""
    engine, actor, asked = engine_of(request), actor_of(request), request.query_params
    connection_id = request.path_params["id"]
    device = await web_of(request).device_waits.ask(actor, connection_id)
    if device is not None and device.error is not None:
        return see_other(request, failed_path(request, connection_id, device.error))
    since = _instant(asked.get("since"), now_of(request))
    seen = await engine.consents.progress(actor, connection_id, since=since)
    generation = asked.get("generation", "")
    if generation.isdecimal() and seen.generation > int(generation[:9]):
        name = (await engine.find(actor, connection_id)).name
        target = _done_path(connection_id, return_path(asked.get("return_to")))
        return see_other(request, target, f"“{name}” is connected.")
    if seen.failure is not None:
        return see_other(request, f"/connections/{connection_id}?refused=1")
    if device is None and now_of(request) - since > STATE_LIFETIME:
        return see_other(request, failed_path(request, connection_id, _too_late()))
    return Response(status_code=204)


async def result(request: Request) -> Response:
    """What the window shows in the end: connected, and what was granted."""
    found = await engine_of(request).find(actor_of(request), request.path_params["id"])
    if found.authorized_at is None:
        return see_other(request, f"/connections/{found.id}")
    granted = found.scopes if found.granted_scopes is None else found.granted_scopes
    return page(request, "connections/result.html", connection=found, granted=granted)


async def _to_browser(
    request: Request, connection: Connection, return_to: str, *, any_account: bool
) -> Response:
    target = _waiting_path(request, connection, return_to)
    if not _is_script(request):
        return see_other(request, target)
    begun = await _begun(request, connection, any_account=any_account)
    return leads_to(request, target, opens=begun.url)


async def _page_with_link(
    request: Request, connection: Connection, *, any_account: bool
) -> Response:
    """The way to the service for a browser without scripts."""
    try:
        begun = await _begun(request, connection, any_account=any_account)
    except GrantlineError as error:
        return see_other(request, failed_path(request, connection.id, error))
    service = service_of(connection, settings_of(request).demo)
    return page(
        request, "connections/leave.html", connection=connection, service=service, url=begun.url
    )


async def _begun(request: Request, connection: Connection, *, any_account: bool) -> Begun:
    visitor = visitor_of(request)
    return await engine_of(request).consents.begin(
        visitor.actor,
        connection.id,
        public_url=settings_of(request).public_url,
        binding=visitor.binding,
        any_account=any_account,
    )


def _is_script(request: Request) -> bool:
    """Whether our script asks, which opens windows by itself."""
    return request.headers.get("accept") == "application/json"


def _waiting_path(request: Request, connection: Connection, return_to: str) -> str:
    """The waiting page, which knows by its own address since when it waits."""
    query = {"generation": connection.generation, "since": iso(now_of(request))}
    if return_to:
        query["return_to"] = return_to
    return f"/connections/{connection.id}/consent?{urlencode(query)}"


def _progress_path(request: Request, connection: Connection) -> str:
    asked = request.query_params
    query = {
        "generation": asked.get("generation", str(connection.generation)),
        "since": asked.get("since", iso(now_of(request))),
        "return_to": return_path(asked.get("return_to")),
    }
    return f"/connections/{connection.id}/progress?{urlencode(query)}"


def _done_path(connection_id: str, return_to: str) -> str:
    return with_choice(return_to, "connection", connection_id) or f"/connections/{connection_id}"


def _instant(text: str | None, otherwise: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return otherwise
    return found if found.tzinfo else otherwise


def _too_late() -> CallbackRejected:
    return CallbackRejected("No answer came within ten minutes.", check="state_expired")


def _qr_code(uri: str) -> str:
    """``uri`` as an SVG to be put into a page; empty without one."""
    if not uri:
        return ""
    drawn = io.BytesIO()
    segno.make(uri, micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=False, scale=4, border=2, light="#fff", dark="#000"
    )
    return drawn.getvalue().decode()


ROUTES: Final[list[BaseRoute]] = [
    Route("/connections/{id}/authorize", begin, methods=["POST"]),
    Route("/connections/{id}/consent", wait),
    Route("/connections/{id}/progress", progress),
    Route("/connections/{id}/result", result),
]

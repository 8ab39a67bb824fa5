"""How a route answers: what it asks of the request, and the page or redirect it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import quote

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.errors import GrantlineError
from grantline.scenarios.service import Scenarios
from grantline.secret import Secret
from grantline.server.accounts import Accounts
from grantline.server.api_keys import ApiKeys
from grantline.server.assets import Assets
from grantline.server.device_waits import DeviceWaits
from grantline.server.flash import Flash, Tone, forget_flash, leave_flash, read_flash
from grantline.server.results import Results
from grantline.server.sessions import Sessions, Visitor
from grantline.server.settings import ServerSettings
from grantline.server.shown_once import ShownOnce
from grantline.store.records.people import ApiKey
from grantline.url import local_path

HOME: Final = "/connections"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the sidebar; the bar of a phone folds those that are not main."""

    path: str
    label: str
    icon: str
    is_main: bool = True


PLACES: Final = (
    Place("/scenarios", "Scenarios", "workflow"),
    Place("/requests", "Requests", "send"),
    Place("/connections", "Connections", "plug"),
    Place("/credentials", "Credentials", "key-round", is_main=False),
    Place("/providers", "Providers", "book-open", is_main=False),
    Place("/history", "History", "history"),
    Place("/settings", "Settings", "settings", is_main=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What all routes share; ``web_of(request)`` gives it."""

    engine: Engine
    scenarios: Scenarios
    settings: ServerSettings
    templates: Environment
    assets: Assets
    accounts: Accounts
    sessions: Sessions
    results: Results
    new_keys: ShownOnce[tuple[ApiKey, Secret]]
    api_keys: ApiKeys
    device_waits: DeviceWaits


def web_of(request: Request) -> Web:
    """What all routes share."""
    return cast("Web", request.scope["grantline.web"])


def engine_of(request: Request) -> Engine:
    """The engine."""
    return web_of(request).engine


def scenarios_of(request: Request) -> Scenarios:
    """The scenarios."""
    return web_of(request).scenarios


def settings_of(request: Request) -> ServerSettings:
    """The settings of this installation."""
    return web_of(request).settings


def now_of(request: Request) -> datetime:
    """The instant, by the engine's clock."""
    return web_of(request).engine.context.clock.now()


def visitor_of(request: Request) -> Visitor:
    """Who is signed in. Only public routes are reached by nobody: they ask ``find_visitor``."""
    visitor = find_visitor(request)
    if visitor is None:
        raise LookupError("a public route asked for its visitor")
    return visitor


def find_visitor(request: Request) -> Visitor | None:
    """Who is signed in, if anybody is."""
    return cast("Visitor | None", request.scope.get("grantline.visitor"))


def actor_of(request: Request) -> Actor:
    """On whose behalf the engine is asked."""
    return visitor_of(request).actor


def is_part(request: Request) -> bool:
    """Whether htmx asks, for a part of a page and not for a navigation."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-Boosted") != "true"


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """The page or part that ``template`` makes of ``context``, and of what every page knows."""
    web = web_of(request)
    is_https = web.settings.is_https
    said = None if is_part(request) else read_flash(request, is_https=is_https)
    body = web.templates.get_template(template).render(
        visitor=find_visitor(request),
        flash=said,
        now=now_of(request),
        path=request.url.path,
        places=PLACES,
        settings=web.settings,
        quarantine=web.engine.context.quarantine,
        **context,
    )
    response = HTMLResponse(body, status_code=status)
    if said is not None:
        forget_flash(response, is_https=is_https)
    return response


def see_other(request: Request, path: str, said: str = "", *, tone: Tone = Tone.OK) -> Response:
    """Sends the browser on to ``path`` by GET (303), which then says ``said``."""
    response: Response
    if is_part(request):
        response = Response(status_code=204, headers={"HX-Redirect": path})
    else:
        response = RedirectResponse(path, status_code=303)
    if said:
        leave_flash(response, Flash(said, tone), is_https=settings_of(request).is_https)
    return response


def sign_in_url(path: str) -> str:
    """The sign-in page that leads back to ``path``."""
    return "/sign-in" if path in {"", "/"} else f"/sign-in?next={quote(path, safe='/')}"


def next_path(given: str | None) -> str:
    """Where to go after signing in: a path of ours, or home (requirement A16)."""
    try:
        return local_path(given or HOME)
    except GrantlineError:
        return HOME

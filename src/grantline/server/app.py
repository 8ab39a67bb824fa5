"""The web app put together: layers around routes, all of them on one engine."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from grantline.errors import GrantlineError
from grantline.scenarios.service import Scenarios
from grantline.server.accounts import Accounts
from grantline.server.api_keys import ApiKeys
from grantline.server.assets import bundled_assets
from grantline.server.compression import Compression
from grantline.server.device_waits import DeviceWaits
from grantline.server.errors import Faults, on_grantline_error, on_http_exception
from grantline.server.gate import Gate
from grantline.server.page import Web
from grantline.server.passwords import Passwords
from grantline.server.results import Results
from grantline.server.routes import routes
from grantline.server.security import Security
from grantline.server.sessions import Sessions
from grantline.server.settings import ServerSettings
from grantline.server.shown_once import ShownOnce
from grantline.server.templating import make_templates


def create_app(
    scenarios: Scenarios, settings: ServerSettings, *, passwords: Passwords | None = None
) -> Starlette:
    """The web app on ``scenarios`` and their engine, which its caller opens and closes.

    Args:
        scenarios: They and their engine do everything.
        settings: Where browsers find the app.
        passwords: Replaces how passwords are hashed; for tests.
    """
    engine = scenarios.engine
    assets = bundled_assets()
    web = Web(
        engine=engine,
        scenarios=scenarios,
        settings=settings,
        templates=make_templates(assets),
        assets=assets,
        accounts=Accounts(engine.context, passwords),
        sessions=Sessions(engine.context, is_https=settings.is_https),
        results=Results(),
        new_keys=ShownOnce(),
        api_keys=ApiKeys(engine.context),
        device_waits=DeviceWaits(engine),
    )
    app = Starlette(
        routes=routes(web),
        middleware=[
            Middleware(Security, settings=settings),
            Middleware(Compression),
            Middleware(Gate, web=web),
            Middleware(Faults),
        ],
        exception_handlers={
            GrantlineError: on_grantline_error,
            HTTPException: on_http_exception,
        },
    )
    # One address per page: no redirect made of whatever was asked for.
    app.router.redirect_slashes = False
    return app

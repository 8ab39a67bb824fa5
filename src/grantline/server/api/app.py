"""The REST API put together."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from grantline.errors import GrantlineError
from grantline.server.api import history, keys, providers, service
from grantline.server.api.auth import Authentication
from grantline.server.api.connections import apps, connections, consent, devices
from grantline.server.api.credentials import credentials
from grantline.server.api.document import new_app
from grantline.server.api.problems import on_invalid_request
from grantline.server.api.requests import requests, runs, saved
from grantline.server.api.scenarios import runs as scenario_runs
from grantline.server.api.scenarios import scenarios
from grantline.server.errors import Faults, on_grantline_error, on_http_exception


@cache
def create_api() -> FastAPI:
    """The app to be mounted at ``/api/v1``, below the layers that every request passes.

    Always the same one: it keeps nothing of an installation, and is slow to build.
    """
    app = new_app(
        middleware=[Middleware(Faults), Middleware(Authentication)],
        exception_handlers={
            GrantlineError: on_grantline_error,
            HTTPException: on_http_exception,
            RequestValidationError: on_invalid_request,
        },
    )
    for subject in (
        connections,
        consent,
        devices,
        credentials,
        apps,
        providers,
        requests,
        saved,
        scenarios,
        scenario_runs,
        runs,
        history,
        keys,
        service,
    ):
        app.include_router(subject.router)
    return app

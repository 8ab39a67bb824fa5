"""Schemathesis calls every operation with what its description allows, and with what it forbids.

The API runs for real on loopback; nothing leaves the machine, for the transport refuses.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from grantline.errors import TransportFailed
from grantline.messages import HttpRequest, HttpResponse
from grantline.server.api.address import API_PREFIX
from grantline.server.app import create_app
from grantline.server.settings import ServerSettings
from tests.api.conftest import A_SCENARIO, Api, an_api
from tests.api.routes import DOCUMENT

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
# They say that a service could not be reached, or that Grantline could not ask it.
UPSTREAM = {502, 503, 504}


class Unplugged:
    """A transport that reaches nobody."""

    async def send(self, request: HttpRequest, **_: Any) -> HttpResponse:
        raise TransportFailed("There is no network here.", check="refused", sent=False)

    def stream(self, request: HttpRequest, **_: Any) -> AbstractAsyncContextManager[Any]:
        raise TransportFailed("There is no network here.", check="refused", sent=False)


class Served(threading.Thread):
    """The web app on a port of its own, until it is stopped."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._server: uvicorn.Server | None = None
        self.is_ready = threading.Event()
        self.key = ""
        self.ids: dict[str, str] = {}
        self.session = requests.Session()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.socket.bind(("127.0.0.1", 0))
        # Whoever calls before the server is up waits in line instead of being refused.
        self.socket.listen()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def run(self) -> None:
        asyncio.run(self._serve())

    def stop(self) -> None:
        self.session.close()
        if self._server is not None:
            self._server.should_exit = True
        self.join(10)
        self.socket.close()
        assert not self.is_alive()

    async def _serve(self) -> None:
        async with an_api(self._folder) as api:
            self.key, self.ids = api.manage, await _furnished(api)
            engine = api.world.engine
            engine.context.transport = Unplugged()
            app = create_app(api.site.scenarios, ServerSettings(public_url=self.url))
            config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False)
            self._server = uvicorn.Server(config)
            self.is_ready.set()
            await self._server.serve(sockets=[self.socket])


async def _furnished(api: Api) -> dict[str, str]:
    """Ids of things that are there, so that calls get further than 404."""
    found = await api.world.authorized()
    saved = {"name": "me", "url": "/me", "connection": "demo"}
    request = await api.post("/saved-requests", saved, status=201)
    run = await api.post("/saved-requests/me/run")
    scenario = await api.post("/scenarios", A_SCENARIO, status=201)
    scenario_run = await api.post("/scenarios/Who am I/runs", {"wait_s": 30}, status=201)
    return {
        "connection": found.id,
        "app": found.app.id,
        "request": request["id"],
        "run": run["run"],
        "scenario": scenario["id"],
        "scenario_run": scenario_run["id"],
        "provider": "github",
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    thread = Served(tmp_path_factory.mktemp("served"))
    thread.start()
    assert thread.is_ready.wait(30)
    yield thread
    thread.stop()


def described(*, coverage: bool) -> Any:
    """The description; with ``coverage`` each boundary of each parameter is tried in turn."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.config.phases.coverage.enabled = coverage
    return schema


# An app's settings have so many boundaries that trying each takes longer than all the rest.
LARGE = ["create_connection", "edit_connection", "price_edit", "edit_app"]
BOUNDED = settings(max_examples=2, suppress_health_check=list(HealthCheck), deadline=None)


@described(coverage=True).exclude(operation_id=LARGE).parametrize()
@BOUNDED
def test_every_answer_is_as_described(served: Served, case: schemathesis.Case[Any]) -> None:
    check(served, case)


@described(coverage=False).include(operation_id=LARGE).parametrize()
@settings(BOUNDED, max_examples=20)
def test_every_answer_to_large_bodies_is_as_described(
    served: Served, case: schemathesis.Case[Any]
) -> None:
    check(served, case)


def check(served: Served, case: schemathesis.Case[Any]) -> None:
    """Calls, half of the time with an id that exists, and compares with the description."""
    parameters = case.path_parameters
    if case.method != "DELETE" and parameters and len(str(parameters)) % 2:
        parameters |= {name: served.ids[name] for name in parameters if name in served.ids}
    response = case.call(
        base_url=served.url + API_PREFIX,
        session=served.session,
        headers={"Authorization": f"Bearer {served.key}"},
    )
    case.validate_response(response, checks=CHECKS)
    if response.status_code not in UPSTREAM:
        case.validate_response(response, checks=[not_a_server_error])

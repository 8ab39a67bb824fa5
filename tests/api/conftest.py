"""The API in process, with a key of each scope, and one of another workspace."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from grantline.connections.connection import Actor
from grantline.connections.engine import LOCAL
from grantline.server.api.address import API_PREFIX
from grantline.server.api_keys import ApiKeys, Scope
from grantline.store.records.people import User
from tests.connections.world import World
from tests.server.conftest import Site, a_site

A_SCENARIO = {
    "name": "Who am I",
    "modules": [{"id": 1, "make_request": {"connection": "demo", "url": "/me"}}],
}
STRANGER = Actor(workspace="elsewhere", user="usr_stranger")


@dataclass(frozen=True)
class Api:
    """The API as programs call it.

    Attributes:
        manage: A key that may do everything.
        use: A key that may make requests.
        foreign: A key that may do everything in another workspace.
    """

    site: Site
    manage: str
    use: str
    foreign: str

    @property
    def world(self) -> World:
        return self.site.world

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = "", **more: Any
    ) -> httpx2.Response:
        """The answer to one call, with the key that manages unless told otherwise."""
        headers = more.pop("headers", {})
        if key is not None:
            headers = {"Authorization": f"Bearer {key or self.manage}", **headers}
        if body is not None:
            # Not httpx's own: it refuses what a careless program may well send.
            more["content"] = json.dumps(body)
            headers = {"Content-Type": "application/json", **headers}
        return await self.site.stranger.request(method, API_PREFIX + path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> Any:
        """What a GET answers; it must be a 200."""
        answer = await self.call("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        """What a POST answers, with the status expected."""
        answer = await self.call("POST", path, body, **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The problem that a call answers."""
        answer = await self.call(method, path, body, **more)
        assert answer.status_code >= 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["type"] == f"urn:grantline:{problem['code']}"
        return problem


async def with_keys(site: Site) -> Api:
    """``site`` with a key of each kind."""
    context = site.world.engine.context
    keys = ApiKeys(context)
    stranger = User(
        id=STRANGER.user,
        workspace=STRANGER.workspace,
        name="stranger",
        password_hash="",
        role="member",
        created_at=context.clock.now(),
    )
    event = context.event(STRANGER, "user.created", stranger.id)
    await context.stored(context.store.add_user, stranger, event)
    made = [
        await keys.create(actor, "tests", scope)
        for actor, scope in (
            (LOCAL, Scope.MANAGE),
            (LOCAL, Scope.USE),
            (STRANGER, Scope.MANAGE),
        )
    ]
    return Api(site, *(secret.reveal() for _, secret in made))


@asynccontextmanager
async def an_api(folder: Path) -> AsyncIterator[Api]:
    """The API of an installation in ``folder``, which has an owner."""
    async with a_site(folder) as site:
        yield await with_keys(site)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The API of an installation with an owner."""
    async with an_api(tmp_path) as api:
        yield api


@dataclass(frozen=True)
class Inhabited:
    """An installation with one of each thing in it, and their ids; no test here changes it."""

    api: Api
    ids: dict[str, str]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """As everywhere, but for whole modules."""
    return "asyncio"


@pytest.fixture(scope="module")
async def inhabited(
    anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Inhabited]:
    """One installation for all who knock."""
    async with an_api(tmp_path_factory.mktemp("inhabited")) as api:
        found = await api.world.authorized()
        saved = {"name": "me", "url": "/me", "connection": "demo"}
        request = await api.post("/saved-requests", saved, status=201)
        run = await api.post("/saved-requests/me/run")
        given = {"name": "weather", "kind": "key", "key_name": "X-Weather", "value": "not-secret"}
        kept = await api.post("/credentials", {**given, "hosts": ["127.0.0.1"]}, status=201)
        scenario = await api.post("/scenarios", A_SCENARIO, status=201)
        scenario_run = await api.post("/scenarios/Who am I/runs", {"wait_s": 30}, status=201)
        (*_, key) = (await api.get("/api-keys"))["items"]
        ids = {
            "connection": found.id,
            "app": found.app.id,
            "credential": kept["id"],
            "request": request["id"],
            "run": run["run"],
            "scenario": scenario["id"],
            "scenario_run": scenario_run["id"],
            "path": "step-path",
            "key": key["id"],
            "provider": "github",
        }
        yield Inhabited(api, ids)

"""The web app in process, with an owner who is signed in, on a world that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from argon2 import PasswordHasher

from grantline.scenarios.open import open_scenarios
from grantline.scenarios.service import Scenarios
from grantline.server.app import create_app
from grantline.server.demo import DemoService
from grantline.server.passwords import Passwords
from grantline.server.settings import ServerSettings
from grantline.testing.authorization_server import ServerOptions
from grantline.testing.clock import FakeClock
from tests.connections.world import World, a_world

NAME = "ada"
PASSWORD = "correct horse battery"
ORIGIN = "http://127.0.0.1:8080"
SETTINGS = ServerSettings(public_url=ORIGIN)
# What a browser says of a form or script on our own pages.
FROM_HERE = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}


def quick_passwords() -> Passwords:
    """Hashing that takes no time: tests are about what is done with the answer."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@dataclass(frozen=True)
class Site:
    """The app, a browser of the owner's, and the world behind both."""

    world: World
    scenarios: Scenarios
    settings: ServerSettings
    client: httpx2.AsyncClient
    stranger: httpx2.AsyncClient
    new_browser: Callable[..., httpx2.AsyncClient]

    async def get(self, path: str, **asked: Any) -> httpx2.Response:
        """A page, as the owner sees it."""
        return await self.client.get(path, **asked)

    async def post(self, path: str, data: dict[str, Any] | None = None, **asked: Any) -> Any:
        """A form of ours, sent by the owner."""
        headers = {**FROM_HERE, **asked.pop("headers", {})}
        return await self.client.post(path, data=data or {}, headers=headers, **asked)


@asynccontextmanager
async def a_site(
    folder: Path,
    *,
    options: ServerOptions | None = None,
    clock: FakeClock | None = None,
    set_up: bool = True,
    settings: ServerSettings | None = None,
) -> AsyncIterator[Site]:
    """A site on a world of its own; nobody has an account yet when ``set_up`` is False."""
    async with (
        a_world(folder, options, clock=clock) as world,
        open_scenarios(world.engine, world.settings, workers=False) as scenarios,
    ):
        settings = settings or ServerSettings(public_url=ORIGIN, demo=DemoService.of(world.server))
        app = create_app(scenarios, settings, passwords=quick_passwords())
        transport = httpx2.ASGITransport(app)

        def new_browser(**given: Any) -> httpx2.AsyncClient:
            return httpx2.AsyncClient(
                **{"transport": transport, "base_url": settings.public_url, **given}
            )

        async with new_browser() as client, new_browser() as stranger:
            site = Site(world, scenarios, settings, client, stranger, new_browser)
            if set_up:
                form = {"name": NAME, "password": PASSWORD, "again": PASSWORD}
                answer = await site.post("/setup", form)
                assert answer.status_code == 303, answer.text
                client.cookies.delete("grantline_said")
            yield site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site with an owner who is signed in."""
    async with a_site(tmp_path) as site:
        yield site

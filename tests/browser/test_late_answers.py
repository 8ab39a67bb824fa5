"""What comes after its time, at an app whose clock the test moves."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, expect

from grantline.scenarios.open import open_scenarios
from grantline.server.app import create_app
from grantline.server.demo import DemoService
from grantline.server.settings import ServerSettings
from grantline.testing.clock import FakeClock
from tests.browser.owner import Owner, allow_at_demo
from tests.browser.serving import App, visiting
from tests.connections.world import a_world
from tests.server.conftest import quick_passwords


@dataclass(frozen=True, slots=True)
class Standing:
    """An app and a service that share a clock which stands still."""

    app: App
    clock: FakeClock


@contextmanager
def standing(folder: Path) -> Iterator[Standing]:
    """The app on a thread with an event loop of its own: this one belongs to the browser."""
    started: Future[tuple[Standing, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        clock, stop = FakeClock(), asyncio.Event()
        async with (
            a_world(folder, clock=clock) as world,
            open_scenarios(world.engine, world.settings, workers=False) as scenarios,
        ):
            listener = socket.create_server(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            settings = ServerSettings(public_url=url, demo=DemoService.of(world.server))
            app = create_app(scenarios, settings, passwords=quick_passwords())
            server = uvicorn.Server(uvicorn.Config(app, lifespan="off", ws="none", log_config=None))
            serving = asyncio.ensure_future(server.serve(sockets=[listener]))
            where = Standing(App(url, world.server.issuer), clock)
            started.set_result((where, asyncio.get_running_loop(), stop))
            await stop.wait()
            server.should_exit = True
            await serving

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    where, loop, stop = started.result(timeout=30)
    try:
        yield where
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture
def late(browser: Browser, tmp_path: Path) -> Iterator[tuple[Owner, FakeClock]]:
    with standing(tmp_path) as where, visiting(browser) as context:
        owner = Owner(context.new_page(), where.app)
        owner.set_up()
        yield owner, where.clock


def test_a_consent_of_more_than_ten_minutes_is_told_and_can_be_given_again(
    late: tuple[Owner, FakeClock],
) -> None:
    owner, clock = late
    owner.demo_form("slow", "Authorization code")
    with owner.page.expect_popup() as opened:
        owner.press("Save and connect")
    window = opened.value
    allow = window.get_by_role("button", name="Allow")
    expect(allow).to_be_visible()
    clock.advance(timedelta(minutes=11))
    allow.click()
    expect(window.locator("#main")).to_contain_text("ten minutes")
    assert "code=" not in window.url
    window.close()

    doctor = owner.page.get_by_role("region", name="What is wrong, and what helps")
    expect(doctor).to_contain_text("The consent took too long")
    owner.in_window(doctor.get_by_role("button").first.click, allow_at_demo)
    owner.sees_connected("slow")


def test_a_page_that_waits_says_when_no_answer_will_count_any_more(
    late: tuple[Owner, FakeClock],
) -> None:
    owner, clock = late
    owner.demo_form("forgotten", "Authorization code")
    with owner.page.expect_popup() as opened:
        owner.press("Save and connect")
    expect(opened.value.get_by_role("button", name="Allow")).to_be_visible()
    opened.value.close()
    expect(owner.page.get_by_text("Waiting for consent")).to_be_visible()
    clock.advance(timedelta(minutes=11))
    expect(owner.page.get_by_text("The consent took too long")).to_be_visible()

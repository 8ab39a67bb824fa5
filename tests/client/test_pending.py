"""Getting consent: by a browser here, by a pasted address, on a device, or from nobody."""

import webbrowser
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from grantline.client.async_connections import AsyncConnections
from grantline.client.connections import Connections
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.connections.state import State
from grantline.errors import (
    AuthorizationDenied,
    CallbackRejected,
    ConnectionNotFound,
    InvalidInput,
)
from grantline.testing.authorization_server import (
    DEMO_PASSWORD,
    DEMO_USERNAME,
    FakeAuthorizationServer,
)
from grantline.testing.clock import JumpingClock
from tests.client.installation import app_of


def redirect_uri_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["redirect_uri"][0]


def test_a_browser_on_this_machine_brings_the_answer(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("demo", **app_of(server), scopes=["read"])

    with connections.authorize("demo") as pending:
        page = requests.get(server.approve(pending.url), timeout=10)
        demo = pending.wait(timeout=10)

    assert page.status_code == 200
    assert demo.status.state is State.AUTHORIZED
    assert demo.get("/me").is_success


async def test_an_answer_that_comes_before_anybody_waits_is_kept(
    async_connections: AsyncConnections, server: FakeAuthorizationServer
) -> None:
    await async_connections.create("demo", **app_of(server))

    async with async_connections.authorize("demo") as pending:
        assert pending.expires_at is not None
        with pytest.raises(TimeoutError):
            await pending.wait(timeout=timedelta(milliseconds=1))
        with ThreadPoolExecutor(1) as browser:
            answer = server.approve(pending.url)
            page = browser.submit(requests.get, answer, timeout=10)
            demo = await pending.wait(timeout=10)
            assert await pending.wait() is demo

    assert page.result().status_code == 200
    assert (await demo.get("/me")).is_success


def test_the_browser_is_opened_when_asked(
    connections: Connections, server: FakeAuthorizationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections.create("demo", **app_of(server))

    def browser(url: str) -> bool:
        return requests.get(server.approve(url), timeout=10).ok

    monkeypatch.setattr(webbrowser, "open", browser)

    with connections.authorize("demo", open_browser=True) as pending:
        assert pending.wait(timeout=10).status.state is State.AUTHORIZED


def test_a_person_who_says_no_is_heard(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("demo", **app_of(server))

    with connections.authorize("demo") as pending, pytest.raises(AuthorizationDenied):
        pending.complete(server.deny(pending.url))


def test_a_pasted_address_completes_as_well(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("demo", **app_of(server))

    with connections.authorize("demo") as pending:
        pending.complete(f" {server.approve(pending.url)}\n")
        assert pending.wait().status.state is State.AUTHORIZED


def test_a_pasted_address_of_another_service_is_refused(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("demo", **app_of(server))

    with connections.authorize("demo") as pending:
        answer = server.approve(pending.url)
        path = urlsplit(answer).path
        with pytest.raises(CallbackRejected):
            pending.complete(answer.replace(path, "/oauth/callback/0123456789abcdef"))


def test_the_answer_of_an_implicit_grant_is_in_the_fragment(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("old", **app_of(server), flow="implicit")

    with connections.authorize("old") as pending:
        old = pending.complete(server.approve(pending.url))

    assert old.get("/me").is_success


@pytest.mark.parametrize("pasted", ["", "https://app.example/callback"])
def test_an_address_without_an_answer_is_refused(
    connections: Connections, server: FakeAuthorizationServer, pasted: str
) -> None:
    connections.create("demo", **app_of(server))

    with connections.authorize("demo") as pending, pytest.raises(InvalidInput, match="no answer"):
        pending.complete(pasted)


def test_a_redirect_uri_elsewhere_is_completed_by_pasting_only(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    elsewhere = "https://app.example/callback"
    connections.create("demo", **app_of(server), redirect_uri=elsewhere)

    with connections.authorize("demo") as pending:
        assert redirect_uri_in(pending.url) == elsewhere
        with pytest.raises(InvalidInput, match="does not lead to this machine"):
            pending.wait()
        demo = pending.complete(server.approve(pending.url))

    assert demo.status.state is State.AUTHORIZED


def test_a_redirect_uri_on_this_machine_is_listened_at_as_registered(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("demo", **app_of(server), redirect_uri="http://localhost/back")

    with connections.authorize("demo") as pending:
        listening = urlsplit(redirect_uri_in(pending.url))
        requests.get(server.approve(pending.url), timeout=10)
        demo = pending.wait(timeout=10)

    assert (listening.hostname, listening.path) == ("localhost", "/back")
    assert demo.status.state is State.AUTHORIZED


def test_other_scopes_can_be_asked_for(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("demo", **app_of(server), scopes=["read"])

    with connections.authorize("demo", "read write") as pending:
        demo = pending.complete(server.approve(pending.url))

    assert demo.status.granted_scopes == ("read", "write")


async def test_a_device_shows_a_code_and_waits_for_the_person(
    settings: Settings, server: FakeAuthorizationServer
) -> None:
    # On this clock the polling takes no time.
    engine = open_engine(settings, clock=JumpingClock())
    async with AsyncConnections(engine) as connections:
        await connections.create("tv", **app_of(server), flow="device")

        async with connections.authorize("tv") as pending:
            assert pending.user_code in pending.verification_uri_complete
            assert pending.verification_uri.startswith(server.issuer)
            assert pending.url == ""
            server.approve_device(pending.user_code)
            tv = await pending.wait()

        assert (await tv.get("/me")).is_success


async def test_waiting_for_a_device_ends_when_the_caller_has_waited_enough(
    async_connections: AsyncConnections, server: FakeAuthorizationServer
) -> None:
    await async_connections.create("tv", **app_of(server), flow="device")

    async with async_connections.authorize("tv") as pending:
        with pytest.raises(TimeoutError):
            await pending.wait(timeout=0)
        with pytest.raises(InvalidInput, match="does not use a browser"):
            await pending.complete("http://127.0.0.1/?code=x")


def test_a_device_code_is_not_for_other_flows(
    connections: Connections, server: FakeAuthorizationServer
) -> None:
    connections.create("demo", **app_of(server))

    with pytest.raises(InvalidInput), connections.authorize("demo", device=True):
        pass


@pytest.mark.parametrize("flow", ["client-credentials", "password"])
def test_a_flow_that_needs_nobody_waits_for_nobody(
    connections: Connections, server: FakeAuthorizationServer, flow: str
) -> None:
    connections.create(
        "m2m", **app_of(server), flow=flow, username=DEMO_USERNAME, password=DEMO_PASSWORD
    )

    with connections.authorize("m2m") as pending:
        assert (pending.url, pending.expires_at) == ("", None)
        assert pending.wait().get("/me").is_success


def test_what_is_not_there_is_not_authorized(connections: Connections) -> None:
    with pytest.raises(ConnectionNotFound), connections.authorize("nobody"):
        pass

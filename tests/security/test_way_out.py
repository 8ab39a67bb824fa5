"""The one way out: the guard that holds the whole suite to it holds."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest

from grantline.messages import HttpRequest
from grantline.net.guard import EgressPolicy
from grantline.net.transport import EgressTransport
from tests import way_out
from tests.recorder import recorder


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def module(name: str, *lines: str) -> Callable[..., Any]:
    """A function of a module of this name."""
    scope: dict[str, Any] = {"__name__": name}
    exec("\n".join(["def act(port):", *(f"    {line}" for line in lines)]), scope)
    return scope["act"]  # type: ignore[no-any-return]


DIAL = ("import socket", "socket.create_connection(('127.0.0.1', port)).close()")
ASK = ("import urllib.request", "urllib.request.urlopen(f'http://127.0.0.1:{port}/', timeout=1)")
SEND = (
    "import socket",
    "with socket.socket(type=socket.SOCK_DGRAM) as out: out.sendto(b'x', ('127.0.0.1', port))",
)


@pytest.mark.parametrize(
    "name", ["grantline.calls.sneaky", "grantline.network", "grantline.server.x"]
)
@pytest.mark.parametrize("lines", [DIAL, ASK, SEND], ids=["dial", "ask", "send"])
def test_code_of_ours_outside_net_cannot_dial(port: int, name: str, lines: tuple[str, ...]) -> None:
    with pytest.raises(OSError, match="dialled"):
        module(name, *lines)(port)
    assert len(way_out.violations) == 1
    way_out.violations.clear()


def test_a_library_on_a_thread_that_our_code_started_cannot_dial(port: int) -> None:
    with ThreadPoolExecutor(1) as thread:
        submit = module("grantline.calls.sneaky", "return thread.submit(connect)")
        submit.__globals__.update(thread=thread, connect=HTTPConnection("127.0.0.1", port).connect)
        with pytest.raises(way_out.WayOutClosedError):
            submit(port).result()
    way_out.violations.clear()


def test_what_runs_for_nobody_cannot_dial(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(way_out, "_asker", lambda: "")
    with pytest.raises(way_out.WayOutClosedError):
        HTTPConnection("127.0.0.1", port).connect()
    way_out.violations.clear()


def test_no_name_is_really_looked_up() -> None:
    with pytest.raises(OSError, match="no name of others"):
        urllib.request.urlopen("http://elsewhere.example/", timeout=1)


@pytest.mark.parametrize("name", ["grantline.net.transport", "grantline.testing.server"])
def test_who_may_dial_can(port: int, name: str) -> None:
    module(name, *DIAL)(port)
    assert way_out.violations == []


async def test_the_transport_is_the_way_out() -> None:
    async with (
        recorder() as server,
        EgressTransport(EgressPolicy.parse(allow_hosts=["127.0.0.1"])) as transport,
    ):
        assert (await transport.send(HttpRequest("GET", server.url()))).body == b"ok"

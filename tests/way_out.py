"""The whole suite runs with sockets closed everywhere but in ``grantline.net``.

Every connection that this process opens, in any test, is traced to the code that wants it, over the
start of a task or thread if need be. Code of Grantline may only use sockets that ``grantline.net``
made; what runs for nobody in particular may open none; and names of others do not exist here. What
tests do by themselves is their business, as is what ``grantline.testing`` does for them, and the
HTTP libraries of other people that ``grantline.integrations`` serves dial by themselves on purpose.
So do the clients of key services in ``grantline.vault``: they ask one place that the operator
named, before there is a transport.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

import pytest

OURS: Final = "grantline"
MAY_DIAL: Final = (
    "grantline.net",
    "grantline.testing",
    "grantline.integrations",
    "grantline.vault",
)
TESTS: Final = ("tests", "conftest", "test_")
LOCAL_NAMES: Final = frozenset({"", "localhost", socket.gethostname(), socket.getfqdn()})

violations: list[str] = []
_made_by_us: WeakSet[socket.socket] = WeakSet()
_started_for: WeakKeyDictionary[object, str] = WeakKeyDictionary()


class WayOutClosedError(OSError):
    """Code outside ``grantline.net`` tried to reach the network; it sees a network that fails."""


def install() -> None:
    """Puts a guard in front of every socket of this process; once."""
    plain_init, plain_lookup = socket.socket.__init__, socket.getaddrinfo
    plain_start, plain_task = threading.Thread.start, asyncio.BaseEventLoop.create_task

    def start(self: threading.Thread) -> None:
        _started_for[self] = _asker()
        plain_start(self)

    def create_task(self: asyncio.BaseEventLoop, *args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        task = plain_task(self, *args, **kwargs)
        _started_for[task] = _asker()
        return task

    def init(self: socket.socket, *args: Any, **kwargs: Any) -> None:
        plain_init(self, *args, **kwargs)
        if _is_within(_asker(), "grantline.net"):
            _made_by_us.add(self)

    def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, "no name of others exists in tests")
        return plain_lookup(host, *args, **kwargs)

    setattr(socket.socket, "__init__", init)  # noqa: B010 - a type whose methods nobody replaces
    socket.getaddrinfo = lookup
    threading.Thread.start = start  # type: ignore[method-assign]
    asyncio.BaseEventLoop.create_task = create_task  # type: ignore[method-assign]
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


def _guarded(method: Any) -> Any:
    def call(self: socket.socket, *args: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and self not in _made_by_us:
            asker = _asker()
            allowed = asker.startswith(TESTS) or _is_within(asker, *MAY_DIAL)
            if not allowed:
                _refuse(f"{asker or 'a library on its own'} dialled {args[-1]}")
        return method(self, *args)

    return call


def _asker() -> str:
    """The module that wants something of the network: the innermost of ours or of the tests."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - who calls shows nowhere else
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name != __name__ and (_is_within(name, OURS) or name.startswith(TESTS)):
            return str(name)
        frame = frame.f_back
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs here
        task = None
    return _started_for.get(task or threading.current_thread(), "")


def _is_within(name: str, *packages: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def _is_local(host: Any) -> bool:
    text = host.decode() if isinstance(host, bytes) else host or ""
    try:
        return bool(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return text in LOCAL_NAMES


def _refuse(what: str) -> None:
    violations.append(what)
    raise WayOutClosedError(what)


install()


@pytest.fixture(autouse=True)
def _nobody_goes_around_the_way_out() -> Iterator[None]:
    """Fails a test during which something was refused, whoever swallowed the refusal."""
    violations.clear()
    yield
    assert violations == []

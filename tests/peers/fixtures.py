"""Fixtures that give running peers: one of each per session and configuration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any, TypeVar

import pytest

from tests.peers.ends import (
    Nginx,
    Tinyproxy,
    running_mockoon,
    running_nginx,
    running_tinyproxy,
)
from tests.peers.peer import Peer
from tests.peers.process import PeerFailedError, running_django_toolkit, running_oidc_provider

StartPeer = Callable[..., Peer]
T = TypeVar("T")


@pytest.fixture(scope="session")
def start_oidc_provider() -> Iterator[StartPeer]:
    """Starts oidc-provider with a configuration, or gives the one that has it already."""
    yield from starter(running_oidc_provider)


@pytest.fixture(scope="session")
def start_django_toolkit() -> Iterator[StartPeer]:
    """Starts django-oauth-toolkit with a configuration, or gives the one that has it already."""
    yield from starter(running_django_toolkit)


@pytest.fixture(scope="session")
def oidc_provider(start_oidc_provider: StartPeer) -> Peer:
    return start_oidc_provider()


@pytest.fixture(scope="session")
def django_toolkit(start_django_toolkit: StartPeer) -> Peer:
    return start_django_toolkit()


@pytest.fixture(scope="session")
def nginx() -> Iterator[Nginx]:
    yield from only(running_nginx())


@pytest.fixture(scope="session")
def mockoon() -> Iterator[str]:
    yield from only(running_mockoon())


@pytest.fixture(scope="session")
def tinyproxy(nginx: Nginx) -> Iterator[Tinyproxy]:
    """A proxy that opens tunnels to nginx."""
    yield from only(running_tinyproxy(tunnels_to=int(nginx.tls_url.rpartition(":")[2])))


def only(running: AbstractContextManager[T]) -> Iterator[T]:
    """The one that is running; it ends with the session."""
    with ExitStack() as processes:
        try:
            started = processes.enter_context(running)
        except PeerFailedError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield started


def starter(running: Callable[..., AbstractContextManager[Peer]]) -> Iterator[StartPeer]:
    """A function that starts peers; all of them end with the session."""
    started: dict[str, Peer] = {}
    with ExitStack() as processes:

        def start(**config: Any) -> Peer:
            key = json.dumps(config, sort_keys=True)
            if key not in started:
                try:
                    started[key] = processes.enter_context(running(**config))
                except PeerFailedError as error:
                    # Not a skip: it would hide what was not tested.
                    raise pytest.fail.Exception(str(error), pytrace=False) from None
            return started[key]

        yield start

"""One process that serves the web app until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import anyio
import uvicorn

from grantline.connections.engine import Engine
from grantline.connections.keeping.housekeeping import keep_tidy
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.errors import ConfigurationError, InvalidInput
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs.leftovers import keep_swept
from grantline.scenarios.service import Scenarios
from grantline.secret import Secret
from grantline.server.app import create_app
from grantline.server.demo import DemoService
from grantline.server.settings import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    PUBLIC_URL,
    ServerSettings,
)

if TYPE_CHECKING:
    from grantline.testing.authorization_server import FakeAuthorizationServer

ALLOW_HOSTS: Final = "GRANTLINE_ALLOW_HOSTS"
DEMO_HOST: Final = "127.0.0.1"
# How long answers under way may take after the signal to stop; refreshes have their own limit.
GRACE: Final = timedelta(seconds=10)
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What is about to be served.

    Attributes:
        notices: What has to be said aloud, such as that a key was made.
    """

    engine: Engine
    scenarios: Scenarios
    settings: ServerSettings
    notices: tuple[str, ...]


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers: they would end the process before the engine closes."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    environment: Mapping[str, str],
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    demo: bool = False,
    on_ready: Callable[[Serving], None],
) -> None:
    """Serves until SIGTERM or SIGINT; then lets answers and refreshes under way finish.

    A second signal ends the process at once.

    Args:
        environment: The settings of this installation.
        host: The address to listen at.
        port: The port to listen at; 0 takes a free one.
        demo: Whether to add the bundled service.
        on_ready: Called once, when the port is open and everything is ready to answer.

    Raises:
        ConfigurationError: A setting is wrong, or the port is taken.
    """
    with _listening(host, port) as listener:
        taken = listener.getsockname()[1]
        settings = ServerSettings.from_environment(environment, host=host, port=taken)
        async with _opened(environment, settings, demo=demo) as serving:
            server = _Server(_config(serving))
            loop = asyncio.get_running_loop()
            for number in SIGNALS:
                loop.add_signal_handler(number, _stop, server)
            on_ready(serving)
            context, given = serving.engine.context, serving.scenarios.settings
            async with anyio.create_task_group() as meanwhile:
                meanwhile.start_soon(keep_tidy, context, given.keep_runs)
                meanwhile.start_soon(keep_swept, context, given.files)
                await server.serve(sockets=[listener])
                meanwhile.cancel_scope.cancel()


@asynccontextmanager
async def _opened(
    environment: Mapping[str, str], settings: ServerSettings, *, demo: bool
) -> AsyncIterator[Serving]:
    async with AsyncExitStack() as stack:
        if demo:
            server = await stack.enter_async_context(_demo_server(settings.port + 1))
            settings = replace(settings, demo=DemoService.of(server))
            allowed = filter(None, (environment.get(ALLOW_HOSTS), DEMO_HOST))
            environment = {**environment, ALLOW_HOSTS: ",".join(allowed)}
        # Notices lead to the web app, also where nobody said how it is reached.
        given = Settings.from_environment({**environment, PUBLIC_URL: settings.public_url})
        engine = await stack.enter_async_context(open_engine(given, background=True))
        scenarios = await stack.enter_async_context(open_scenarios(engine, given, workers=True))
        if not settings.is_local and not await engine.context.stored(
            engine.context.store.has_users
        ):
            settings = replace(settings, setup_token=Secret(secrets.token_urlsafe(12)))
        yield Serving(engine=engine, scenarios=scenarios, settings=settings, notices=engine.notices)


@asynccontextmanager
async def _demo_server(port: int) -> AsyncIterator[FakeAuthorizationServer]:
    """The bundled service, at the same port each time: what was set up for it stays right."""
    from grantline.testing.authorization_server import (  # noqa: PLC0415 - not without --demo
        FakeAuthorizationServer,
    )

    try:
        with _listening(DEMO_HOST, port):
            pass
    except ConfigurationError:
        port = 0
    async with FakeAuthorizationServer(port=port) as server:
        yield server


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise _no_address(host) from None
    # By its protocol, asyncio knows a socket that should send small answers without waiting.
    with socket.socket(family, kind, protocol) as listener:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen()
        except OSError as error:
            raise _refused(host, port, error) from None
        yield listener


def _refused(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(
            f"Port {port} is in use by another program.",
            hint="Choose another with --port; 0 takes a free one.",
        )
    if error.errno == errno.EACCES:
        return ConfigurationError(
            f"This user may not listen at port {port}.", hint="Choose one above 1023 with --port."
        )
    return _no_address(host)


def _no_address(host: str) -> InvalidInput:
    return InvalidInput(
        f"{host} is no address of this machine.",
        field="--host",
        hint="Use 127.0.0.1 for this machine alone, 0.0.0.0 for all of its networks.",
    )


def _config(serving: Serving) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(serving.scenarios, serving.settings),
        # The access log would hold codes and states; the proxy's word is never taken.
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=True,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=round(GRACE.total_seconds()),
    )


def _stop(server: uvicorn.Server) -> None:
    """The first signal lets what is under way finish; a second one ends the process at once.

    Even while the engine closes: whoever signals twice has stopped waiting for a renewal, and its
    intent is on record.
    """
    server.should_exit = True
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)

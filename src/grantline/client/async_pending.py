"""A consent that was begun: what to show the person, and the waiting for an answer."""

from __future__ import annotations

import asyncio
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from urllib.parse import urlsplit

import anyio
from anyio.to_thread import run_sync

from grantline.client.async_connection import AsyncConnection
from grantline.connections.consent.authorize import Begun
from grantline.connections.consent.callback_path import callback_path
from grantline.connections.engine import LOCAL, Engine
from grantline.errors import InvalidInput
from grantline.net.loopback import LoopbackListener
from grantline.oauth.app.settings import AppSettings, FlowType
from grantline.url import is_loopback_host


@dataclass(kw_only=True)
class AsyncPending:
    """An authorization that waits for a person, or for nobody where the flow needs none.

    Attributes:
        url: To be opened in the person's browser; empty for other flows.
        user_code: For the device flow: what the person types ...
        verification_uri: ... at this address ...
        verification_uri_complete: ... or the two in one, as a link or a QR code.
        expires_at: When it is too late; None where nobody is waited for.
    """

    url: str = ""
    user_code: str = ""
    verification_uri: str = ""
    verification_uri_complete: str = ""
    expires_at: datetime | None = None
    connection: AsyncConnection = field(repr=False)
    finish: Callable[[], Awaitable[object]] = field(repr=False)
    accept: Callable[[str, str], Awaitable[object]] | None = field(default=None, repr=False)

    async def wait(self, timeout: float | timedelta | None = None) -> AsyncConnection:  # noqa: ASYNC109 - as in Pending
        """The connection, once it is authorized.

        Args:
            timeout: In seconds or as a span; waiting again afterwards is fine.

        Raises:
            TimeoutError: ``timeout`` has passed.
            AuthorizationDenied: The person said no.
            GrantlineError: The answer cannot be used, or the service failed; says what to do.
        """
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        with anyio.fail_after(seconds):
            await self.finish()
        return self._done()

    async def complete(self, redirected_url: str) -> AsyncConnection:
        """The connection, authorized by the address that the browser was sent to.

        For browsers that are not on this machine: the page there will not load, and its address
        is all that is needed.

        Raises:
            InvalidInput: The text holds no answer, or the flow uses no browser.
            GrantlineError: The answer cannot be used, or the service failed; says what to do.
        """
        if self.accept is None:
            raise InvalidInput("This flow does not use a browser.", field="Flow type")
        address, _, fragment = redirected_url.strip().partition("#")
        path, _, query = address.partition("?")
        answer = fragment if self.connection.status.flow is FlowType.IMPLICIT else query
        if not answer:
            raise InvalidInput(
                "The address holds no answer.",
                field="redirected_url",
                hint="Copy all of it from the browser, to the end.",
            )
        await self.accept(answer, path)
        return self._done()

    def _done(self) -> AsyncConnection:
        self.finish = _nothing
        return self.connection


@asynccontextmanager
async def begun_authorization(
    engine: Engine,
    connection: AsyncConnection,
    *,
    scopes: tuple[str, ...] | None,
    device: bool,
    open_browser: bool,
    port: int,
) -> AsyncIterator[AsyncPending]:
    """The authorization of ``connection``, as its flow goes, while the block lasts."""
    flow = connection.status.flow
    if device or flow is FlowType.DEVICE:
        yield await _on_device(engine, connection)
    elif flow.needs_browser:
        async with _in_browser(engine, connection, scopes, port) as pending:
            if open_browser:
                await run_sync(webbrowser.open, pending.url)
            yield pending
    else:
        yield AsyncPending(
            connection=connection, finish=lambda: engine.authorize.obtain(LOCAL, connection.id)
        )


async def _on_device(engine: Engine, connection: AsyncConnection) -> AsyncPending:
    start = await engine.devices.begin(LOCAL, connection.id)
    return AsyncPending(
        user_code=start.authorization.user_code,
        verification_uri=start.authorization.verification_uri,
        verification_uri_complete=start.authorization.verification_uri_complete,
        expires_at=start.expires_at,
        connection=connection,
        finish=lambda: engine.devices.finish(LOCAL, start),
    )


@asynccontextmanager
async def _in_browser(
    engine: Engine, connection: AsyncConnection, scopes: tuple[str, ...] | None, port: int
) -> AsyncIterator[AsyncPending]:
    settings = connection.status.app.settings
    binding = token_urlsafe(32)

    async def accept(answer: str, path: str) -> None:
        # A redirect URI that the app fixes may be shared by services, so its path tells nothing.
        context = None if settings.redirect_uri else path.rpartition("/")[2]
        await engine.authorize.complete(LOCAL, answer, binding=binding, context_digest=context)

    async with _listener(settings, port) as listener:
        begun = await engine.authorize.begin(
            LOCAL,
            connection.id,
            redirect_uri=listener.redirect_uri if listener else settings.redirect_uri,
            binding=binding,
            scopes=scopes,
        )
        # From now on, because a person who consented before is sent back at once.
        life = begun.expires_at - engine.context.clock.now()
        receiving = asyncio.get_running_loop().create_task(_received(listener, begun, life))

        async def finish() -> None:
            # Whoever stops waiting may wait again.
            await accept(await asyncio.shield(receiving), callback_path(settings))

        try:
            yield AsyncPending(
                url=begun.url,
                expires_at=begun.expires_at,
                connection=connection,
                finish=finish,
                accept=accept,
            )
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)


async def _received(listener: LoopbackListener | None, begun: Begun, life: timedelta) -> str:
    """The answer that the browser brings to this machine."""
    if listener is None:
        raise InvalidInput(
            "The redirect URI does not lead to this machine.",
            field="Redirect URI",
            hint="Give complete() the address to which the browser was sent.",
        )
    return await listener.wait(life, begun.is_answered_by)


def _listener(
    settings: AppSettings, port: int
) -> AbstractAsyncContextManager[LoopbackListener | None]:
    """A listener at the redirect URI; None when that is somewhere else."""
    if not settings.redirect_uri:
        return LoopbackListener(callback_path(settings), port)
    registered = urlsplit(settings.redirect_uri)
    host = registered.hostname or ""
    if registered.scheme != "http" or not is_loopback_host(host):
        return nullcontext()
    # Without a port, any is as good as registered (RFC 8252 section 7.3).
    shown = f"[{host}]" if ":" in host else host
    return LoopbackListener(registered.path or "/", registered.port or port, host=shown)


async def _nothing() -> None:
    """What is left to do once a connection is authorized."""

"""The REST API, put together when it is first asked for.

Its models take half a second to build, which the first page should not wait for.
"""

from __future__ import annotations

from anyio import Lock, to_thread
from starlette.types import ASGIApp, Receive, Scope, Send


class ApiLater:
    """Answers as the API does."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self._lock = Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        app = self._app or await self._made()
        await app(scope, receive, send)

    async def _made(self) -> ASGIApp:
        async with self._lock:
            if self._app is None:
                self._app = await to_thread.run_sync(_make)
            return self._app


def _make() -> ASGIApp:
    from grantline.server.api.app import create_api  # noqa: PLC0415 - to be late is the point

    return create_api()

"""A service on loopback that writes down who asked for what, and answers as it is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Service:
    """What arrived, in order, and what is answered.

    Attributes:
        url: Its origin.
        asked: The path and query of each request.
        answers: What a path is answered with: JSON, or a status.
        gates: Requests to these paths wait until their gate is opened.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    given_up: int = 0

    def count(self, what: str = "") -> int:
        """How many requests contained ``what``."""
        return sum(what in each for each in self.asked)

    def counts(self) -> Counter[str]:
        """How often each was asked for."""
        return Counter(self.asked)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until requests that arrive make ``is_so`` true."""
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(is_so), 30)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        async with self.arrived:
            self.asked.append(request.path_qs)
            self.arrived.notify_all()
        if (gate := self.gates.get(request.path)) is not None:
            try:
                await gate.wait()
            except asyncio.CancelledError:
                self.given_up += 1
                raise
        told = self.answers.get(request.path, {"path": request.path, "q": dict(request.query)})
        if callable(told):
            told = told()
        if isinstance(told, int):
            return web.json_response({"error": "as told"}, status=told)
        return web.json_response(told)


@asynccontextmanager
async def a_service() -> AsyncIterator[Service]:
    """One that listens."""
    service = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}"
    try:
        yield service
    finally:
        for gate in service.gates.values():
            gate.set()
        await runner.cleanup()

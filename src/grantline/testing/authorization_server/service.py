"""One exchange from socket to socket: record, judge, commit, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import ClientPayloadError, web

from grantline.testing.authorization_server.delivery import deliver, drop
from grantline.testing.authorization_server.exchange import Answer, Endpoint, Incoming
from grantline.testing.authorization_server.faults import (
    Delay,
    Drop,
    Fault,
    Faults,
    Moment,
    Refuse,
    Replace,
)
from grantline.testing.authorization_server.gates import Gates, Point
from grantline.testing.authorization_server.journal import (
    Entry,
    Journal,
    Outcome,
    Violation,
)
from grantline.testing.authorization_server.routes import Route, answer_of
from grantline.testing.authorization_server.rules import Judge
from grantline.testing.authorization_server.state import ServerState

_HOST: Final = "127.0.0.1"
# How long an answer that is scripted to be slow may hold up the end of a test.
_SHUTDOWN_S: Final = 0.2


class Service:
    """What serves both origins.

    Args:
        state: The server's memory.
        control: Answers requests of ``Endpoint.CONTROL``, which no journal keeps.
    """

    def __init__(
        self, state: ServerState, control: Callable[[Incoming], Awaitable[Answer]]
    ) -> None:
        self.journal = Journal(state.secrets)
        self.gates = Gates()
        self.faults = Faults()
        self._state = state
        self._control = control
        self._judge = Judge(state)

    async def listen(
        self, stack: AsyncExitStack, port: int, route_of: Callable[[str], Route]
    ) -> str:
        """The origin that is served until ``stack`` closes."""
        handler = partial(self._exchange, route_of=route_of)
        # Handlers are not cancelled: a client that leaves does not undo what it asked for.
        server = web.Server(handler, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_S)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, _HOST, port).start()
        return f"http://{_HOST}:{runner.addresses[0][1]}"

    def judge(self, entry: Entry) -> None:
        """Note each rule that the request of ``entry`` breaks."""
        incoming = entry.incoming
        self.journal.violations += [
            Violation(rule, entry.number, incoming.endpoint, message)
            for rule, message in self._judge.judge(incoming)
        ]

    async def _exchange(
        self, request: web.BaseRequest, *, route_of: Callable[[str], Route]
    ) -> web.StreamResponse:
        route = route_of(request.path)
        body, is_whole = await _body(request)
        incoming = self._incoming(request, route.endpoint, body)
        if route.endpoint is Endpoint.CONTROL:
            answer = await self._control(incoming)
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        entry = self.journal.record(incoming)
        response = await self._respond(request, route, entry, is_whole=is_whole)
        await self.gates.passing(Point.ANSWERED, entry)
        return response

    async def _respond(
        self, request: web.BaseRequest, route: Route, entry: Entry, *, is_whole: bool
    ) -> web.StreamResponse:
        if not is_whole:
            return self._abandoned(request, entry)
        fault = self.faults.take(route.endpoint)
        await self.gates.passing(Point.RECEIVED, entry)
        await _pause(fault, Moment.BEFORE_COMMIT)
        answer = self._commit(route, entry, fault)
        await self.gates.passing(Point.COMMITTED, entry)
        await _pause(fault, Moment.AFTER_COMMIT)
        if isinstance(fault, Drop):
            return drop(request, entry)
        return await deliver(request, answer, fault=fault, entry=entry, gates=self.gates)

    def _abandoned(self, request: web.BaseRequest, entry: Entry) -> web.StreamResponse:
        """The client left in the middle: nothing happens, but what it leaked is noted."""
        with self._state.lock:
            self.judge(entry)
        drop(request, entry)
        entry.outcome = Outcome.CLIENT_LEFT
        return web.Response()

    def _incoming(self, request: web.BaseRequest, endpoint: Endpoint, body: bytes) -> Incoming:
        path, _, query = request.raw_path.partition("?")
        return Incoming(
            endpoint=endpoint,
            at=self._state.clock.now(),
            method=request.method,
            origin=f"http://{request.host}",
            path=path,
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers=tuple(request.headers.items()),
            body=body,
        )

    def _commit(self, route: Route, entry: Entry, fault: Fault) -> Answer:
        """Judge the request, then let it change the state unless its fault comes before that."""
        with self._state.lock:
            self.judge(entry)
            if isinstance(fault, Refuse):
                answer = fault.answer()
            elif isinstance(fault, Drop) and fault.moment is Moment.BEFORE_COMMIT:
                answer = Answer()
            else:
                answer = answer_of(route, self._state, entry.incoming)
                entry.committed = True
        if isinstance(fault, Replace):
            answer = fault.answer
        entry.status = answer.status
        return answer


async def _body(request: web.BaseRequest) -> tuple[bytes, bool]:
    """As much of the body as arrived, and whether that is all of it.

    Unlike ``request.read()`` it has no limit: tests of uploads send much.
    """
    chunks = []
    try:
        async for chunk in request.content.iter_any():
            chunks.append(chunk)  # noqa: PERF401 - what came before an error counts too
    except (ClientPayloadError, ConnectionError):
        return b"".join(chunks), False
    return b"".join(chunks), True


async def _pause(fault: Fault, moment: Moment) -> None:
    if isinstance(fault, Delay) and fault.moment is moment:
        await asyncio.sleep(fault.span.total_seconds())

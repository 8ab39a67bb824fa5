"""Places where a test can stop one exchange exactly, look around, and let it go on."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from enum import StrEnum
from types import TracebackType
from typing import Self

from grantline.testing.authorization_server.exchange import Endpoint
from grantline.testing.authorization_server.journal import Entry


class Point(StrEnum):
    """How far an exchange has come."""

    RECEIVED = "received"
    """The whole request is here; the server's state is unchanged."""
    COMMITTED = "committed"
    """The server's state has changed; no byte of the answer has left."""
    ANSWERING = "answering"
    """The head and half of the body have left."""
    ANSWERED = "answered"
    """It is over: the last byte has left, or the connection is gone."""


class Hold:
    """One exchange that will be stopped at one point; leaving the ``with`` block lets it go on."""

    def __init__(self, endpoint: Endpoint, point: Point) -> None:
        self.endpoint = endpoint
        self.point = point
        self._reached: Future[Entry] = Future()
        self._released: Future[None] = Future()

    async def reached(self) -> Entry:
        """Wait until an exchange stands at the point; from any event loop."""
        return await asyncio.shield(asyncio.wrap_future(self._reached))

    def wait(self, timeout_s: float = 10.0) -> Entry:
        """Wait as ``reached()`` does, from a thread without an event loop.

        Raises:
            TimeoutError: No exchange came so far.
        """
        try:
            return self._reached.result(timeout_s)
        except TimeoutError:
            where = f"no exchange at {self.endpoint} reached {self.point}"
            raise TimeoutError(f"{where} within {timeout_s} s") from None

    def release(self) -> None:
        """Let the exchange go on; harmless when it was let go before."""
        if not self._released.done():
            self._released.set_result(None)

    async def stop(self, entry: Entry) -> None:
        """Report ``entry`` and stay here until released."""
        self._reached.set_result(entry)
        await asyncio.shield(asyncio.wrap_future(self._released))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class Gates:
    """The holds that wait for an exchange. Each catches one, in the order they were set."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Hold] = []
        self._all: list[Hold] = []

    def hold(self, endpoint: Endpoint, point: Point) -> Hold:
        """A new hold for the next exchange at ``endpoint`` that nothing else stops."""
        hold = Hold(endpoint, point)
        with self._lock:
            self._waiting.append(hold)
            self._all.append(hold)
        return hold

    def number(self, hold: Hold) -> int:
        """How another process names ``hold``."""
        return self._all.index(hold)

    def numbered(self, number: int) -> Hold:
        """The hold that another process means; IndexError when there is none."""
        return self._all[number]

    async def passing(self, point: Point, entry: Entry) -> None:
        """Stop here when a hold waits for this exchange at ``point``."""
        hold = self._take(entry.incoming.endpoint, point)
        if hold is not None:
            await hold.stop(entry)

    def open(self) -> None:
        """Let everybody go on, so that the server can stop."""
        with self._lock:
            self._waiting.clear()
            for hold in self._all:
                hold.release()

    def _take(self, endpoint: Endpoint, point: Point) -> Hold | None:
        with self._lock:
            for hold in self._waiting:
                if hold.endpoint is endpoint and hold.point is point:
                    self._waiting.remove(hold)
                    return hold
        return None

"""One of several processes that use one connection for minutes, at a time that its parent moves.

Each time it is told how far, it moves its clock on, asks for the token with many tasks, uses it
once, and says what came of it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

from grantline.calls.request import RequestSpec
from grantline.clock import SystemClock
from grantline.connections.engine import LOCAL
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.errors import GrantlineError


class MovedClock(SystemClock):
    """The machine's clock, moved on."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead

    def elapsed(self) -> timedelta:
        return super().elapsed() + self.ahead


async def main(orders: dict[str, Any], line: Connection) -> None:
    settings = Settings.from_environment(orders["environment"])
    clock = MovedClock()
    async with open_engine(settings, clock=clock) as engine:

        async def ask() -> str:
            try:
                return (await engine.token(LOCAL, orders["connection"])).reveal()
            except GrantlineError as error:
                return f"error {error.code}"

        async def use() -> str:
            try:
                answer = await engine.request_by_id(
                    LOCAL, orders["connection"], RequestSpec(url="/me")
                )
            except GrantlineError as error:
                return f"error {error.code}"
            return f"status {answer.status}"

        line.send("ready")
        while ahead := await asyncio.to_thread(line.recv):
            clock.ahead = ahead
            found = await asyncio.gather(use(), *(ask() for _ in range(orders["tasks"])))
            line.send(sorted(set(found)))

"""A process of its own that renews one connection, and stops where it is told to.

It says ``ready``, waits for a word, renews, says ``stopped`` when it has come to its stopping
point, and else what it got.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from grantline.connections.engine import LOCAL, Engine
from grantline.connections.open import open_engine
from grantline.connections.renewal import unsaved
from grantline.connections.settings import Settings
from grantline.errors import GrantlineError


def stop_at(engine: Engine, line: Connection, moment: str, method: str) -> None:
    """Makes a store method stop for ever before or after it has done its work."""
    store = engine.context.store
    plain: Callable[..., Any] = getattr(store, method)

    def stopping(*args: Any) -> None:
        if moment == "after":
            plain(*args)
        line.send("stopped")
        threading.Event().wait()

    setattr(store, method, stopping)


async def main(orders: dict[str, Any], line: Connection) -> None:
    # Without the servers of `tests.connections.world`, which take longer to import than this does.
    settings = Settings.from_environment(orders["environment"], url=orders["url"])
    unsaved.PATIENCE_S = orders["patience_s"]
    async with open_engine(settings) as engine:
        if orders["stop"]:
            stop_at(engine, line, *orders["stop"])
        rejected = await engine.token(LOCAL, orders["connection"])
        line.send("ready")
        await asyncio.to_thread(line.recv)

        async def ask() -> str:
            try:
                return (await engine.token(LOCAL, orders["connection"], rejected=rejected)).reveal()
            except GrantlineError as error:
                return f"{error.code}: {error}"

        found = await asyncio.gather(*(ask() for _ in range(orders["tasks"])))
        line.send(sorted(set(found)))
        if orders["lingers"]:
            await asyncio.to_thread(line.recv)

"""A process of its own that renews one connection, and stops where it is told to.

Run as ``python -m tests.processes.child ORDERS``. It says ``ready``, waits for a line, renews, says
``stopped`` when it has come to its stopping point, and else prints what it got as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable
from typing import Any

from grantline.connections.engine import LOCAL, Engine
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.errors import GrantlineError


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def stop_at(engine: Engine, moment: str, method: str) -> None:
    """Makes a store method stop for ever before or after it has done its work."""
    store = engine.context.store
    plain: Callable[..., Any] = getattr(store, method)

    def stopping(*args: Any) -> None:
        if moment == "after":
            plain(*args)
        say("stopped")
        threading.Event().wait()

    setattr(store, method, stopping)


async def main(orders: dict[str, Any]) -> None:
    # Without the servers of `tests.connections.world`, which take longer to import than this does.
    settings = Settings.from_environment(orders["environment"], url=orders["url"])
    async with open_engine(settings) as engine:
        if orders["stop"]:
            stop_at(engine, *orders["stop"])
        rejected = await engine.token(LOCAL, orders["connection"])
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)

        async def ask() -> str:
            try:
                return (await engine.token(LOCAL, orders["connection"], rejected=rejected)).reveal()
            except GrantlineError as error:
                return f"{error.code}: {error}"

        found = await asyncio.gather(*(ask() for _ in range(orders["tasks"])))
        say(json.dumps(sorted(set(found))))
        if orders["lingers"]:
            await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))

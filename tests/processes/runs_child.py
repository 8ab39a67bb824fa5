"""A process of its own that carries out runs until SIGTERM; it says ``ready`` when it has begun."""

from __future__ import annotations

import asyncio
import signal
from multiprocessing.connection import Connection
from typing import Any

import dbos  # noqa: F401 - what is imported when it is first needed is here before the fork

from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.scenarios.open import open_scenarios


async def main(orders: dict[str, Any], line: Connection) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    settings = Settings.from_environment(orders["environment"], url=orders["url"])
    async with (
        open_engine(settings) as engine,
        open_scenarios(engine, settings, workers=True) as scenarios,
    ):
        durable = scenarios.runs.durable
        has_dbos = durable is not None and await durable.open()
        line.send("ready" if has_dbos else "without DBOS")
        await ended.wait()

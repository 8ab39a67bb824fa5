"""A process of its own that carries out runs until it is told to end.

Run as ``python -m tests.processes.runs_child ORDERS``. It says ``ready``, and ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Any

from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.scenarios.open import open_scenarios


async def main(orders: dict[str, Any]) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    settings = Settings.from_environment(orders["environment"], url=orders["url"])
    async with (
        open_engine(settings) as engine,
        open_scenarios(engine, settings, workers=True) as scenarios,
    ):
        durable = scenarios.runs.durable
        has_dbos = durable is not None and await durable.open()
        sys.stdout.write("ready\n" if has_dbos else "without DBOS\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))

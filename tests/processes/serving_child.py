"""A server process that renews one connection as soon as it serves.

Run as ``python -m tests.processes.serving_child ORDERS``. It prints its port, then renews.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from grantline.connections.engine import LOCAL
from grantline.secret import Secret
from grantline.server.run import Serving, serve
from tests.connections.world import environment


async def main(orders: dict[str, Any]) -> None:
    def on_ready(serving: Serving) -> None:
        async def renew() -> None:
            rejected = Secret(orders["token"])
            await serving.engine.token(LOCAL, orders["connection"], rejected=rejected)

        serving.engine.context.later(renew())
        sys.stdout.write(serving.settings.public_url.rpartition(":")[2] + "\n")
        sys.stdout.flush()

    await serve(environment(Path(orders["folder"])), port=0, on_ready=on_ready)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))

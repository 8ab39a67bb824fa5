"""A server process that renews one connection as soon as it serves, and says its port."""

from __future__ import annotations

from multiprocessing.connection import Connection
from typing import Any

from grantline.connections.engine import LOCAL
from grantline.secret import Secret
from grantline.server.run import Serving, serve


async def main(orders: dict[str, Any], line: Connection) -> None:
    def on_ready(serving: Serving) -> None:
        async def renew() -> None:
            rejected = Secret(orders["token"])
            await serving.engine.token(LOCAL, orders["connection"], rejected=rejected)

        serving.engine.context.later(renew())
        line.send(int(serving.settings.public_url.rpartition(":")[2]))

    await serve(orders["environment"], port=0, on_ready=on_ready)

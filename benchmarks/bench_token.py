"""What a valid token costs: from memory, and by way of the thread that the engine lives on.

A connection of a fake authorization server on loopback; no token is renewed while this measures.
Prints medians and their ratio.
"""

from __future__ import annotations

import statistics
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path

from grantline import Connection, Connections, Settings
from grantline.connections.engine import LOCAL
from grantline.net.guard import EgressPolicy
from grantline.testing.authorization_server import FakeAuthorizationServer

ROUNDS = 30


def connected(connections: Connections, server: FakeAuthorizationServer) -> Connection:
    connections.create(
        "demo",
        client_id=server.client.client_id,
        client_secret=server.client.client_secret,
        authorize_uri=server.authorize_uri,
        token_uri=server.token_uri,
        base_url=server.api_url,
    )
    with connections.authorize("demo") as pending:
        return pending.complete(server.approve(pending.url))


def microseconds(once: Callable[[], object], number: int) -> float:
    return timeit.timeit(once, number=number) / number * 1e6


def main() -> None:
    policy = EgressPolicy.parse(allow_hosts=["127.0.0.1"])
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeAuthorizationServer.in_thread() as server,
        Connections.open(settings=Settings(data_dir=Path(folder), policy=policy)) as connections,
    ):
        demo = connected(connections, server)
        portal, engine = demo._portal, demo._twin._engine  # noqa: SLF001 - this looks inside

        def crossing() -> object:
            return portal.call(engine.token, LOCAL, demo.id)

        memory_us, crossing_us = [], []
        for _ in range(ROUNDS):
            # What is in memory is trusted for a second; a fresh read keeps that out of the figure.
            demo.refresh_status()
            memory_us.append(microseconds(demo.token, 10_000))
            demo.refresh_status()
            crossing_us.append(microseconds(crossing, 200))
        memory, thread = statistics.median(memory_us), statistics.median(crossing_us)
        print(f"connection.token(), from memory     {memory:8.2f} us")
        print(f"the same by the engine's thread     {thread:8.2f} us")
        print(f"ratio                               {thread / memory:8.1f}")


if __name__ == "__main__":
    main()

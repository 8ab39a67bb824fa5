"""A refresh storm: a thousand waiters in four processes want the token that has just ended.

A fake authorization server on loopback takes a fifth of a second for its answer. Prints how many
token requests arrived, and how long the waiters waited beyond the server's own time, each beside
its goal. With ``postgresql://...`` as its argument on that database; without, on SQLite.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from grantline import Connections, Settings
from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL
from grantline.connections.open import open_engine
from grantline.net.guard import EgressPolicy
from grantline.secret import Secret
from grantline.testing.authorization_server import Delay, FakeAuthorizationServer

PROCESSES = 4
WAITERS = 250
LATENCY = timedelta(milliseconds=200)


def settings(folder: str, url: str) -> Settings:
    policy = EgressPolicy.parse(allow_hosts=["127.0.0.1"])
    return Settings(data_dir=Path(folder), database_url=url or None, policy=policy)


async def wait(folder: str, url: str, connection_id: str) -> None:
    """One process: everybody asks at once; prints each one's wait in seconds."""
    async with open_engine(settings(folder, url)) as engine:
        rejected = Secret((await engine.token(LOCAL, connection_id)).reveal())
        # A process that has served before: its first request reads the system's authorities.
        await engine.request_by_id(LOCAL, connection_id, RequestSpec(url="/me"))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

        async def one() -> float:
            began = time.perf_counter()
            await engine.token(LOCAL, connection_id, rejected=rejected)
            return time.perf_counter() - began

        print(json.dumps(await asyncio.gather(*(one() for _ in range(WAITERS)))), flush=True)


def storm(folder: str, url: str, connection_id: str) -> list[float]:
    """The waits of all processes."""
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, folder, url, connection_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for each in processes:
        assert each.stdout is not None
        each.stdout.readline()
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    return [wait for each in processes for wait in json.loads(each.communicate()[0])]


def main(url: str) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        FakeAuthorizationServer.in_thread() as server,
        Connections.open(settings=settings(folder, url)) as connections,
    ):
        connections.create(
            "demo",
            client_id=server.client.client_id,
            client_secret=server.client.client_secret,
            authorize_uri=server.authorize_uri,
            token_uri=server.token_uri,
            base_url=server.api_url,
        )
        with connections.authorize("demo") as pending:
            demo = pending.complete(server.approve(pending.url))
        before = server.journal.count("token")
        server.script("token", Delay(LATENCY))
        waits = sorted(storm(folder, url, demo.id))
        asked = server.journal.count("token") - before
        p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        latency = LATENCY.total_seconds()
        print(f"waiters                       {len(waits):8d}")
        print(f"token requests                {asked:8d}     goal: 1")
        print(f"the server takes              {latency * 1000:8.0f} ms")
        print(f"p50 of waiting beyond that    {(p50 - latency) * 1000:8.0f} ms")
        print(
            f"p99 of waiting beyond that    {(p99 - latency) * 1000:8.0f} ms  goal: at most 100 ms"
        )


if __name__ == "__main__":
    if len(sys.argv) > 2:
        asyncio.run(wait(*sys.argv[1:]))
    else:
        main(sys.argv[1] if sys.argv[1:] else "")

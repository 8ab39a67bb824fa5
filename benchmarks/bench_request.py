"""What a connection costs: one request through the engine, the guarded transport, or bare aiohttp.

A keep-alive GET of 1 KB on loopback, the server in a process of its own. The three clients take
turns, so that a busy machine slows all alike; printed are medians, and the ratios to bare aiohttp
of each turn's neighbours. The goal for the engine with a valid token is 1.1.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable

import aiohttp
from one_kilobyte import running_server

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.messages import HttpRequest
from grantline.net.guard import EgressPolicy
from grantline.net.transport import EgressTransport
from grantline.oauth.settings import AppSettings, ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.testing.authorization_server import FakeAuthorizationServer

ROUNDS = 60
REQUESTS = 100

Once = Callable[[], Awaitable[object]]


async def seconds_per_request(once: Once, concurrency: int) -> float:
    async def some() -> None:
        for _ in range(REQUESTS // concurrency):
            await once()

    start = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(concurrency)))
    return (time.perf_counter() - start) / (REQUESTS // concurrency * concurrency)


async def compare(clients: dict[str, Once], concurrency: int) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in clients}
    for once in clients.values():
        await seconds_per_request(once, concurrency)
    for _ in range(ROUNDS):
        for name, once in clients.items():
            seconds[name].append(await seconds_per_request(once, concurrency))
    bare = seconds["bare aiohttp"]
    print(f"{concurrency} at a time")
    for name, measured in seconds.items():
        ratio = statistics.median(mine / base for mine, base in zip(measured, bare, strict=True))
        print(f"  {name:18} {statistics.median(measured) * 1e6:8.1f} us   ratio {ratio:.3f}")


async def main() -> None:
    with (
        running_server() as port,
        tempfile.TemporaryDirectory() as folder,
        FakeAuthorizationServer.in_thread() as server,
    ):
        url = f"http://127.0.0.1:{port}/v1/things?page=1"
        headers = {"Authorization": "Bearer 0123456789abcdef", "Accept": "application/json"}
        settings = Settings.from_environment(
            {"GRANTLINE_DATA_DIR": folder, "GRANTLINE_ALLOW_HOSTS": "127.0.0.1"}
        )
        policy = EgressPolicy.parse(allow_hosts=["127.0.0.1"])
        async with (
            aiohttp.ClientSession() as session,
            EgressTransport(policy) as transport,
            open_engine(settings) as engine,
        ):
            connection = await engine.manage.create(
                LOCAL,
                NewConnection(
                    name="benchmark",
                    flow=FlowType.CLIENT_CREDENTIALS,
                    settings=AppSettings(
                        client_id=server.client.client_id, token_uri=server.token_uri
                    ),
                    secrets=ClientSecrets(client_secret=Secret(server.client.client_secret or "")),
                    hosts=("127.0.0.1",),
                ),
            )
            await engine.authorize.obtain(LOCAL, connection.id)
            spec = RequestSpec(url=url, headers=(("Accept", "application/json"),))
            request = HttpRequest("GET", url, tuple(headers.items()))

            async def bare() -> None:
                async with session.get(url, headers=headers) as response:
                    await response.read()

            async def guarded() -> None:
                await transport.send(request, partition="con_1")

            async def whole() -> None:
                await engine.request_by_id(LOCAL, connection.id, spec)

            clients: dict[str, Once] = {
                "bare aiohttp": bare,
                "guarded transport": guarded,
                "engine": whole,
            }
            for concurrency in (1, 20):
                await compare(clients, concurrency)


if __name__ == "__main__":
    asyncio.run(main())

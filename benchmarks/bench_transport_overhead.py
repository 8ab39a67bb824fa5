"""What the egress guard and the limits cost: one request through `EgressTransport` or bare aiohttp.

A keep-alive GET of 1 KB on loopback, the server in a process of its own, the two clients in turns
so that a busy machine slows both. Prints medians and their ratio.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import aiohttp

from grantline.messages import HttpRequest
from grantline.net.guard import EgressPolicy
from grantline.net.transport import EgressTransport

ROUNDS = 60
REQUESTS = 100
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024
)


class Server(asyncio.Protocol):
    """Answers every request that ends in an empty line with the same 1 KB."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            _, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            self.transport.write(ANSWER)


def serve(port: Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def seconds_per_request(once: Callable[[], Awaitable[None]]) -> float:
    start = time.perf_counter()
    for _ in range(REQUESTS):
        await once()
    return (time.perf_counter() - start) / REQUESTS


async def compare(port: int) -> None:
    url = f"http://127.0.0.1:{port}/v1/things?page=1"
    headers = {"Authorization": "Bearer 0123456789abcdef", "Accept": "application/json"}
    request = HttpRequest("GET", url, tuple(headers.items()))
    policy = EgressPolicy.parse(allow_hosts=["127.0.0.1"])
    async with EgressTransport(policy) as transport, aiohttp.ClientSession() as session:

        async def bare() -> None:
            async with session.get(url, headers=headers) as response:
                await response.read()

        async def guarded() -> None:
            await transport.send(request, partition="con_1")

        await seconds_per_request(bare)
        await seconds_per_request(guarded)
        bare_s, guarded_s, ratios = [], [], []
        for _ in range(ROUNDS):
            bare_s.append(await seconds_per_request(bare))
            guarded_s.append(await seconds_per_request(guarded))
            ratios.append(guarded_s[-1] / bare_s[-1])
    print(f"aiohttp          {statistics.median(bare_s) * 1e6:8.1f} us a request")
    print(f"EgressTransport  {statistics.median(guarded_s) * 1e6:8.1f} us a request")
    print(f"ratio            {statistics.median(ratios):8.3f}")


def main() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    try:
        asyncio.run(compare(receiver.recv()))
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()

"""What a long list costs: 10,000 pages of 20 items, one after the other, by page and by cursor.

The server is a process of its own on loopback. Printed are the pages a second and the memory of
this process after each thousand pages: the goal is that it stays flat.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import re
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from grantline.calls.pagination import Pagination, PaginationType
from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings

PAGES = 10_000
ITEMS = 20

WAYS = {
    "page": Pagination(type=PaginationType.PAGE, max_pages=PAGES),
    "token": Pagination(type=PaginationType.TOKEN, next="next", items="items", max_pages=PAGES),
    "url": Pagination(type=PaginationType.URL, max_pages=PAGES),
}


class Server(asyncio.Protocol):
    """Gives the page that the query names, and says in three ways where the next one is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            asked = re.search(rb"[?&](?:page|cursor)=([0-9]+)", head)
            self.transport.write(answer(int(asked[1]) if asked else 1))


def answer(page: int) -> bytes:
    items = [{"id": page * ITEMS + number, "name": "x" * 30} for number in range(ITEMS)]
    body = json.dumps({"items": items, "next": str(page + 1)}).encode()
    link = f'Link: <?page={page + 1}>; rel="next"'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{link}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def serve(port: Connection) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def running_server() -> Iterator[int]:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.Process(target=serve, args=(sender,), daemon=True)
    server.start()
    try:
        yield receiver.recv()
    finally:
        server.terminate()
        server.join()


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


async def measure(engine: Engine, url: str, way: str) -> None:
    spec = RequestSpec(url=url, pagination=WAYS[way])
    start, count, memory = time.perf_counter(), 0, list[float]()
    async for page in engine.pages(LOCAL, spec):
        count += len(page.items)
        if page.number % (PAGES // 10) == 0:
            memory.append(resident_mb())
    rate = PAGES / (time.perf_counter() - start)
    assert count == PAGES * ITEMS
    shown = " ".join(f"{each:.1f}" for each in memory)
    print(f"{way:6} {rate:6.0f} pages/s   MB after each thousand pages: {shown}")
    print(f"       from page {PAGES // 10} to page {PAGES}: {memory[-1] - memory[0]:+.1f} MB")


async def main() -> None:
    with running_server() as port, tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment(
            {"GRANTLINE_DATA_DIR": folder, "GRANTLINE_ALLOW_HOSTS": "127.0.0.1"}
        )
        async with open_engine(settings) as engine:
            for way in WAYS:
                await measure(engine, f"http://127.0.0.1:{port}/items", way)


if __name__ == "__main__":
    asyncio.run(main())

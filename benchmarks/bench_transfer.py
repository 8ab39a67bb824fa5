"""What 2 GB cost: downloaded to the disk and uploaded from it, by a connection and by bare aiohttp.

The server is a process of its own, and so is every client, which says how long it took and the most
memory it ever had. Clients take turns; printed are medians and the ratio of the speeds. The goals:
under 120 MB of memory, and at least 0.8 of the speed of bare aiohttp.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from many_bytes import running_server

from grantline.calls.bodies.upload import Upload
from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.requests.files import FileSource
from grantline.connections.settings import Settings
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.testing.authorization_server import FakeAuthorizationServer

GIGABYTE = 1024**3
SIZE = int(os.environ.get("BENCH_BYTES", 2 * GIGABYTE))
ROUNDS = 3


async def bare_download(url: str, path: Path) -> None:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        with path.open("wb") as file:
            async for chunk in response.content.iter_any():
                file.write(chunk)


async def bare_upload(url: str, path: Path) -> None:
    with path.open("rb") as file:
        async with aiohttp.ClientSession() as session, session.put(url, data=file) as response:
            await response.read()


async def our_download(engine: Engine, connection_id: str, url: str, path: Path) -> None:
    await engine.download(LOCAL, RequestSpec(url=url), path, connection_id=connection_id)


async def our_upload(engine: Engine, connection_id: str, url: str, path: Path) -> None:
    upload = Upload(FileSource.open(path), "application/octet-stream")
    spec = RequestSpec(url=url, method="PUT")
    made = await engine.make_request(
        LOCAL, spec, connection_id=connection_id, upload=upload, record=False
    )
    made.result()


async def ours(what: str, url: str, path: Path) -> float:
    """The seconds of the transfer itself; the connection is made before."""
    with tempfile.TemporaryDirectory() as folder, FakeAuthorizationServer.in_thread() as server:
        settings = Settings.from_environment(
            {"GRANTLINE_DATA_DIR": folder, "GRANTLINE_ALLOW_HOSTS": "127.0.0.1"}
        )
        async with open_engine(settings) as engine:
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
            start = time.perf_counter()
            transfer = our_download if what == "download" else our_upload
            await transfer(engine, connection.id, url, path)
            return time.perf_counter() - start


async def bare(what: str, url: str, path: Path) -> float:
    start = time.perf_counter()
    await (bare_download if what == "download" else bare_upload)(url, path)
    return time.perf_counter() - start


def child(who: str, what: str, url: str, path: Path) -> None:
    """One transfer in this process; says what it cost."""
    seconds = asyncio.run((ours if who == "connection" else bare)(what, url, path))
    status = Path("/proc/self/status").read_text()
    peak_kb = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"seconds": seconds, "peak_mb": int(peak_kb) / 1024}))


@contextmanager
def file_of(folder: Path, what: str) -> Iterator[Path]:
    """Where a transfer reads from, or writes to."""
    path = folder / f"{what}.bin"
    if what == "upload":
        with path.open("wb") as file:
            file.truncate(SIZE)
    yield path
    assert path.stat().st_size == SIZE
    path.unlink()


def measured(who: str, what: str, url: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder, file_of(Path(folder), what) as path:
        done = subprocess.run(
            [sys.executable, __file__, who, what, url, str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
    cost = json.loads(done.stdout)
    return cost["seconds"], cost["peak_mb"]


def main() -> None:
    print(f"{SIZE / GIGABYTE:.1f} GB, medians of {ROUNDS}")
    with running_server(SIZE) as port:
        url = f"http://127.0.0.1:{port}/file"
        for what in ("download", "upload"):
            costs: dict[str, list[tuple[float, float]]] = {"bare aiohttp": [], "connection": []}
            for _ in range(ROUNDS):
                for who, found in costs.items():
                    found.append(measured(who, what, url))
            base = statistics.median(seconds for seconds, _ in costs["bare aiohttp"])
            for who, found in costs.items():
                seconds = statistics.median(each for each, _ in found)
                peak = max(each for _, each in found)
                print(
                    f"  {what:8} {who:12} {seconds:6.2f} s  {SIZE / 1e6 / seconds:7.0f} MB/s"
                    f"  peak {peak:6.1f} MB  speed ratio {base / seconds:.2f}"
                )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        main()

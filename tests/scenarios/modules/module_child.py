"""A process that carries out one module, for the tests of downloads and of memory.

It says how its memory grew, in bytes, and what it was told; or it is killed before that.
"""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.connections.world import an_engine
from tests.scenarios.modules.workshop import Workshop, download, request


def peak_bytes() -> int:
    # What getrusage tells begins with the peak of the process that started this one.
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) * 1024


async def main(orders: dict[str, Any], line: Connection) -> None:
    folder, url = orders["folder"], orders["url"]
    async with an_engine(folder) as engine:
        workshop = Workshop(engine, folder)
        is_download = orders["kind"] == "download"
        does = download(url, folder="nightly", name="a.bin") if is_download else request(url)
        before = peak_bytes()
        done = await workshop.does(does)
        grew = peak_bytes() - before
    line.send({"grew": grew, "output": done.output, "failure": done.failure})

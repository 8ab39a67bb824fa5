"""A process that carries out one module; run by the tests of downloads and of memory.

It says how its memory grew, in bytes, and what it was told; or it is killed before that.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.connections.world import an_engine
from tests.scenarios.modules.workshop import Workshop, download, request


def peak_bytes() -> int:
    # What getrusage tells begins with the peak of the process that started this one.
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) * 1024


async def main(folder: Path, kind: str, url: str) -> None:
    async with an_engine(folder) as engine:
        workshop = Workshop(engine, folder)
        does = download(url, folder="nightly", name="a.bin") if kind == "download" else request(url)
        before = peak_bytes()
        done = await workshop.does(does)
        told = {"grew": peak_bytes() - before, "output": done.output, "failure": done.failure}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))

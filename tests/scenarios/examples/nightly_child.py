"""A process whose nightly download breaks off, and which is killed when it wants to go on."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from grantline.connections.engine import LOCAL
from grantline.messages import HttpRequest, HttpResponse
from tests.scenarios.examples.simulated import Services, an_installation, example


class Deadly:
    """An API whose second download is the end of the process."""

    def __init__(self, services: Services) -> None:
        self._answer = services.dropbox

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/download") and self._answer.ranges:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._answer(request)


async def main(folder: Path) -> None:
    services = Services()
    services.remember()
    services.dropbox.breaks = [2_500_000]
    services.services["dropbox"].api = Deadly(services)
    async with an_installation(folder, services, workers=True) as scenarios:
        run = await scenarios.runs.start_file(LOCAL, example("nightly-download"), {})
        sys.stdout.write(f"{run.id}\n")
        sys.stdout.flush()
        await scenarios.runs.wait(LOCAL, run.id)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

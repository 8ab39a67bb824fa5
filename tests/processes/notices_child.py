"""A process that tells people, and is killed once a change is noted, or while it sends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.scenarios.notices.notices import Notices
from tests.connections.world import environment


async def tell(folder: Path, moment: str) -> None:
    settings = Settings.from_environment(environment(folder))
    async with open_engine(settings) as engine:
        notices = Notices(engine.context, settings)
        assert await notices.telling.look() == 1
        if moment == "noted":
            os.kill(os.getpid(), signal.SIGKILL)
        await notices.telling.send_due()


asyncio.run(tell(Path(sys.argv[1]), sys.argv[2]))

"""A process that tells people, and is killed once a change is noted, or while it sends."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import Connection
from typing import Any

from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.scenarios.notices.notices import Notices


async def main(orders: dict[str, Any], _line: Connection) -> None:
    settings = Settings.from_environment(orders["environment"])
    async with open_engine(settings) as engine:
        notices = Notices(engine.context, settings)
        assert await notices.telling.look() == 1
        if orders["moment"] == "noted":
            os.kill(os.getpid(), signal.SIGKILL)
        await notices.telling.send_due()

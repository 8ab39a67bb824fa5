"""A process that takes a seat and keeps it until it is killed; run by ``test_seats``."""

import asyncio
import sys
from pathlib import Path

from grantline.connections.engine import LOCAL
from tests.connections.world import an_engine


async def main(folder: Path, connection_id: str) -> None:
    async with an_engine(folder) as engine, engine.seats.taken(LOCAL, connection_id):
        sys.stdout.write("sits\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))

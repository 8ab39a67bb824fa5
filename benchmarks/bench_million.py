"""A million connections: reading one cold, finding what is due, and the memory of a process.

With ``postgresql://...`` as its argument it measures that database, which must be empty; without,
SQLite in a temporary folder. One in twenty connections is due.
"""

from __future__ import annotations

import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, text

from grantline.connections.renewal.background import ENOUGH
from grantline.store.open import open_store
from grantline.store.schema.tables import app, connection
from grantline.store.sql.rows import connection_to_row, to_row
from grantline.store.sql.store import SqlStore

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.records import AUTHORIZED, a_connection, an_app, tokens

CONNECTIONS = 1_000_000
BATCH = 10_000
READS = 200
SEALED = "v1.00000000000000aa." + "x" * 900


def fill(store: SqlStore) -> None:
    """Rows as real as they come, and statistics for the planner."""
    now = store.now()
    engine = store._engine  # noqa: SLF001 - nobody else adds a million at once
    with engine.begin() as run:
        run.execute(insert(app).values(to_row(an_app())))
    for first in range(0, CONNECTIONS, BATCH):
        rows = []
        for number in range(first, first + BATCH):
            due_at = now + timedelta(seconds=-1 if number % 20 == 0 else 60 + number % 3600)
            held = tokens(sealed_tokens=SEALED, due_at=due_at)
            rows.append(
                connection_to_row(
                    a_connection(
                        id=f"con_{number:08}",
                        name=f"connection {number:08}",
                        health=AUTHORIZED,
                        tokens=held,
                        generation=1,
                    )
                )
            )
        with engine.begin() as run:
            run.execute(insert(connection), rows)
    with engine.begin() as run:
        run.execute(text("ANALYZE"))


def milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def main() -> None:
    url = sys.argv[1] if sys.argv[1:] else None
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(url, Path(folder))
        began = time.perf_counter()
        fill(store)
        print(f"filled in                     {milliseconds(began) / 1000:8.0f} s")
        store.close()

        store = open_store(url, Path(folder))
        chance = random.Random(7)
        reads = []
        for _ in range(READS):
            name = f"con_{chance.randrange(CONNECTIONS):08}"
            began = time.perf_counter()
            store.load_connection("home", name)
            reads.append(milliseconds(began))
        began = time.perf_counter()
        due = store.count_due(ENOUGH)
        counted = milliseconds(began)
        began = time.perf_counter()
        claimed = store.claim_due(32, timedelta(minutes=2))
        claiming = milliseconds(began)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"connections                   {CONNECTIONS:8d}")
        print(f"reading one, median           {statistics.median(reads):8.2f} ms")
        print(f"reading one, p99              {sorted(reads)[int(READS * 0.99)]:8.2f} ms")
        print(f"counting {due} due           {counted:8.1f} ms")
        print(f"claiming {len(claimed)} of them           {claiming:8.1f} ms")
        print(f"memory of this process        {peak:8.0f} MiB")
        store.close()


if __name__ == "__main__":
    main()

"""A million connections: reading one cold, finding what is due, and the memory of a server.

With ``postgresql://...`` as its argument it measures that database, which must be empty; without,
SQLite in a temporary folder. One in twenty connections is due. Each figure stands beside its goal.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import BigInteger, String, case, cast, func, insert, literal, select

from grantline.connections.renewal.background import ENOUGH, TICK
from grantline.store.open import open_store
from grantline.store.schema.columns import microseconds
from grantline.store.schema.tables import app, connection
from grantline.store.sql.rows import connection_to_row, to_row
from grantline.store.sql.store import SqlStore

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.records import AUTHORIZED, a_connection, an_app, tokens

CONNECTIONS = 1_000_000
BATCH = 100_000
READS = 500
SEALED = "v1.00000000000000aa." + "x" * 900
GRANTLINE = Path(sys.executable).with_name("grantline")


def fill(store: SqlStore) -> None:
    """Rows as real as they come, made within the database, and statistics for the planner."""
    held = tokens(sealed_tokens=SEALED, due_at=store.now())
    row = connection_to_row(a_connection(health=AUTHORIZED, tokens=held, generation=1))
    engine = store._engine  # noqa: SLF001 - nobody else adds a million at once
    with engine.begin() as run:
        run.execute(insert(app).values(to_row(an_app())))
    for first in range(0, CONNECTIONS, BATCH):
        numbers = select(literal(first, BigInteger).label("n")).cte(recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < first + BATCH - 1))
        number = numbers.c.n
        plain = func.substr(
            "00000000" + cast(number, String), func.length(cast(number, String)) + 1
        )
        later = case((number % 20 == 0, -1), else_=60 + number % 3600) * microseconds(SECOND)
        made = {
            **{name: literal(value, connection.c[name].type) for name, value in row.items()},
            "id": "con_" + plain,
            "name": "connection " + plain,
            "due_at": store._now() + later,  # noqa: SLF001 - by the clock that finds what is due
        }
        with engine.begin() as run:
            run.execute(insert(connection).from_select(list(made), select(*made.values())))
    # PostgreSQL does so by itself after a while.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as run:
        run.exec_driver_sql("VACUUM ANALYZE" if engine.name == "postgresql" else "ANALYZE")
        run.commit()


SECOND = timedelta(seconds=1)


def milliseconds(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def say(what: str, figure: float, unit: str, below: float) -> None:
    """One line, with the goal that the figure must be below."""
    verdict = "" if figure < below else "  MISSED"
    print(f"{what:30}{figure:10.2f} {unit:4}goal: below {below:g} {unit}{verdict}", flush=True)


def reads(url: str | None, folder: Path) -> None:
    """By a store that has read nothing before, as after a start."""
    store = open_store(url, folder)
    chance, took = random.Random(7), []
    for _ in range(READS):
        name = f"con_{chance.randrange(CONNECTIONS):08}"
        began = time.perf_counter()
        store.load_connection("home", name)
        took.append(milliseconds(began))
    say("reading one, median", statistics.median(took), "ms", 2)
    say("reading one, p99", sorted(took)[int(READS * 0.99)], "ms", 2)
    began = time.perf_counter()
    due = store.count_due(ENOUGH)
    say(f"counting what is due ({due})", milliseconds(began), "ms", 100)
    began = time.perf_counter()
    claimed = store.claim_due(32, timedelta(minutes=2))
    say(f"claiming {len(claimed)} of them", milliseconds(began), "ms", 100)
    store.close()


def memory(url: str | None, folder: Path) -> None:
    """Of ``grantline serve``, after its background refresher has looked for work a few times."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GRANTLINE_")},
        "GRANTLINE_DATA_DIR": str(folder),
        **({"GRANTLINE_DATABASE_URL": url} if url else {}),
    }
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [str(GRANTLINE), "serve", "--port", "0"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        while "http://" not in (folder / "log").read_text():
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        time.sleep(3 * TICK.total_seconds())
        status = Path(f"/proc/{server.pid}/status").read_text()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
    (peak,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    say("memory of a server process", int(peak) / 1024, "MiB", 300)


def main() -> None:
    url = sys.argv[1] if sys.argv[1:] else None
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(url, Path(folder))
        began = time.perf_counter()
        fill(store)
        store.close()
        print(f"{CONNECTIONS} connections, made in {milliseconds(began) / 1000:.0f} s", flush=True)
        reads(url, Path(folder))
        memory(url, Path(folder))


if __name__ == "__main__":
    main()

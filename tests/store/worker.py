"""One of several processes that want the same connection; run by ``test_concurrency``.

Speaks JSON lines on standard output: what it was allowed to do, for the test to compare.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path

from grantline.store.open import open_store
from grantline.store.protocol.store import Store
from tests.records import AUTHORIZED, NOW, an_attempt, an_event, tokens


def say(value: object) -> None:
    """One line for the test, at once."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def refresh(store: Store, name: str, rounds: int) -> None:
    """Tries to refresh until the connection has been refreshed ``rounds`` times by anyone."""
    while (generation := store.load_connection("home", "con_1").generation) <= rounds:
        lease = store.acquire_lease("con_1", name, generation, timedelta(minutes=1))
        if lease is None:
            continue
        attempt = an_attempt(
            id=f"att_{lease.number}", generation=generation, lease_number=lease.number
        )
        store.begin_attempt(attempt)
        event = an_event(id=f"evt_{lease.number:06}_{name}")
        saved = store.save_refreshed(
            lease, attempt, tokens(f"{name}{generation}"), AUTHORIZED, event
        )
        say([generation, lease.number, saved])


def take(store: Store, _name: str, rounds: int) -> None:
    """Takes every state, as a callback does; tells the ones it was the first to take."""
    for number in range(rounds):
        taken = store.take_pending(f"state_{number}", NOW)
        if taken is not None and taken.used_at is None:
            say(number)


def write(store: Store, name: str, _rounds: int) -> None:
    """Writes until it is killed; tells each write after it was made."""
    number = 0
    while True:
        number += 1
        store.add_event(an_event(id=f"evt_{name}_{number}", data={"n": number}))
        say(number)


if __name__ == "__main__":
    task, url, directory, name, rounds = sys.argv[1:]
    opened = open_store(url or None, Path(directory))
    say("ready")
    sys.stdin.readline()
    {"refresh": refresh, "take": take, "write": write}[task](opened, name, int(rounds))
    opened.close()

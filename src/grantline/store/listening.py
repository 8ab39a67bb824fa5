"""Hearing of what other processes have saved: PostgreSQL's LISTEN, on a connection of its own.

It is a hint and no more: who waits looks at the row in any case, only less often. Behind a pooler
that hands out sessions by the transaction nobody can listen, and nothing is left on its sessions.
"""

from __future__ import annotations

import logging
import os
import selectors
import threading
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Engine

LOG: Final = logging.getLogger("grantline.store")
CHANNEL: Final = "grantline_renewed"
RETRY_S: Final = 5.0


class Listening:
    """One thread that listens. ``tell`` is called on it with the id of each connection renewed.

    Attributes:
        is_live: Whether it hears just now.
    """

    def __init__(self, engine: Engine, tell: Callable[[str], None]) -> None:
        self.is_live = False
        self._engine = engine
        self._tell = tell
        self._stopping = threading.Event()
        self._ears, self._mouth = os.pipe()
        self._thread = threading.Thread(target=self._run, name="grantline-listen", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        if not self._stopping.is_set():
            self._stopping.set()
            os.write(self._mouth, b".")
            self._thread.join()
            os.close(self._ears)
            os.close(self._mouth)

    def _run(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra, which only PostgreSQL needs

        while not self._stopping.is_set():
            try:
                if not self._listen():
                    LOG.warning(
                        "PostgreSQL is reached through a pooler, behind which nobody can listen: "
                        "who waits for another process asks the database every 25 ms."
                    )
                    return
            except (psycopg.Error, OSError):
                self.is_live = False
                self._stopping.wait(RETRY_S)

    def _listen(self) -> bool:
        """Listens until it is to stop; False when there is a pooler in between."""
        import psycopg  # noqa: PLC0415

        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        with psycopg.connect(*arguments, **options, autocommit=True) as session:
            row: Any = session.execute("SELECT pg_backend_pid()").fetchone()
            if row[0] != session.info.backend_pid:
                return False
            session.execute(f"LISTEN {CHANNEL}")
            self.is_live = True
            # Not `select`, which takes no file of a number above 1023: in a server that has so
            # many open when a session is made again, this thread would end.
            with selectors.DefaultSelector() as selector:
                selector.register(session.fileno(), selectors.EVENT_READ)
                selector.register(self._ears, selectors.EVENT_READ)
                while not self._stopping.is_set():
                    selector.select()
                    session.pgconn.consume_input()
                    while heard := session.pgconn.notifies():
                        self._tell(heard.extra.decode())
        self.is_live = False
        return True

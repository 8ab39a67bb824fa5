"""A PgBouncer of the tests' own, which hands out sessions of PostgreSQL by the transaction."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.postgres import PostgresServer, server_user

PORT = 6432
START_DEADLINE_S = 60


@pytest.fixture(scope="session")
def pgbouncer(postgres: PostgresServer) -> Iterator[str]:
    """The folder with its socket."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        pytest.fail("PgBouncer is not installed: run scripts/test-setup")
    home, user = Path(tempfile.mkdtemp(prefix="grantline-bouncer-")), server_user()
    (home / "pgbouncer.ini").write_text(
        f"""
        [databases]
        * = host={postgres.home}
        [pgbouncer]
        pool_mode = transaction
        # Few sessions, so that each serves many clients in turn.
        default_pool_size = 4
        max_client_conn = 200
        listen_addr =
        listen_port = {PORT}
        unix_socket_dir = {home}
        auth_type = any
        logfile = {home}/log
        """
    )
    # "any" logs everybody in as one user.
    text = (home / "pgbouncer.ini").read_text().replace("host=", "user=grantline host=")
    (home / "pgbouncer.ini").write_text(text)
    if user:
        shutil.chown(home, user=user)
    as_user = ("runuser", "-u", user, "--") if user else ()
    process = subprocess.Popen(
        [*as_user, program, "--quiet", str(home / "pgbouncer.ini")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    try:
        _wait_for(home, process)
        yield str(home)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home)


def _wait_for(home: Path, process: subprocess.Popen[bytes]) -> None:
    """Until it answers, and PostgreSQL through it."""
    why, deadline = "it ended", time.monotonic() + START_DEADLINE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(f"host={home} port={PORT} dbname=postgres user=grantline").close()
        except psycopg.OperationalError as error:
            why = str(error)
            continue
        return
    log = home / "log"
    pytest.fail(f"PgBouncer did not start: {why}\n{log.read_text() if log.exists() else ''}")


@pytest.fixture
def pooled_url(pgbouncer: str, migrated_postgres_url: str) -> str:
    """The URL of a migrated database, behind the pooler."""
    name = psycopg.conninfo.conninfo_to_dict(migrated_postgres_url)["dbname"]
    return f"postgresql+psycopg://grantline@/{name}?host={pgbouncer}&port={PORT}"

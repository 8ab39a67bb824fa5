"""A PostgreSQL of the tests' own: made in a temporary folder, reached by a socket, then removed."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest

from grantline.store.open import open_store
from grantline.store.schema.tables import metadata


class PostgresServer:
    """A running cluster that nobody else uses. No test's rows survive it, so it never syncs."""

    def __init__(self, programs: Path, home: Path, user: str | None) -> None:
        self._programs = programs
        self._as_user = ("runuser", "-u", user, "--") if user else ()
        self._home = home
        self._numbers = count(1)

    def start(self) -> None:
        self._run("initdb", "--auth=trust", "--username=grantline", "--encoding=UTF8", "--no-sync")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._home}' -c fsync=off"
        self._run("pg_ctl", "start", "--wait", f"--log={self._home}/log", f"--options={options}")

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--mode=immediate")

    def crash_and_restart(self) -> None:
        """Ends it without any grace, and starts it again, which recovers what was committed."""
        self._run("pg_ctl", "restart", "--wait", "--mode=immediate", f"--log={self._home}/log")

    def cut(self, url: str, *, read_only: bool = False) -> None:
        """Ends every session of the database at ``url``; new ones may then only read, or not."""
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(
                f"ALTER DATABASE {name} SET default_transaction_read_only = {read_only}"
            )
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    @contextmanager
    def hung(self) -> Iterator[None]:
        """It is there for the length of the block, and answers nothing: as when its disk stalls."""
        main = int((self._home / "data" / "postmaster.pid").read_text().split()[0])
        with psycopg.connect(self._conninfo) as connection:
            found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL")
            sessions = [pid for (pid,) in found.fetchall()]
        for pid in [main, *sessions]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in [main, *sessions]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://grantline@/{name}?host={self._home}"

    @property
    def home(self) -> Path:
        """The folder with its socket."""
        return self._home

    @property
    def _conninfo(self) -> str:
        return f"host={self._home} user=grantline dbname=postgres"

    def _run(self, program: str, *arguments: str) -> None:
        data = f"--pgdata={self._home}/data"
        command = [*self._as_user, str(self._programs / program), data, *arguments]
        # Not captured by pipes: the server would inherit them, and reading would never end.
        with (self._home / "output").open("w+") as output:
            done = subprocess.run(command, stdout=output, stderr=output, cwd="/", check=False)
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read()}"


def _programs() -> Path:
    """The folder with the newest server programs."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    found = sorted(installed, key=lambda each: float(each.parent.name), reverse=True)
    if on_path := shutil.which("postgres"):
        found.append(Path(on_path).resolve().parent)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    pytest.fail("PostgreSQL's server programs are not installed: run scripts/test-setup")


def server_user() -> str | None:
    """Whom to become: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for the whole run."""
    programs, user = _programs(), server_user()
    home = Path(tempfile.mkdtemp(prefix="grantline-pg-"))
    if user:
        shutil.chown(home, user=user)
    server = PostgresServer(programs, home, user)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(home)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of a new, empty database."""
    return postgres.create_database()


@pytest.fixture(scope="session")
def _migrated_once(postgres: PostgresServer) -> str:
    url = postgres.create_database()
    open_store(url, Path()).close()
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE instance_at_first AS TABLE instance")
    return url


@pytest.fixture
def migrated_postgres_url(_migrated_once: str) -> str:
    """The URL of a database as migrating leaves it: the same one for each test, emptied."""
    tables = [each.name for each in reversed(metadata.sorted_tables)]
    steps = [f'DELETE FROM "{each}"' for each in tables]
    with psycopg.connect(_migrated_once, options="-c lock_timeout=10s") as connection:
        connection.execute(";".join([*steps, "INSERT INTO instance TABLE instance_at_first"]))
    return _migrated_once

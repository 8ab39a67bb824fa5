"""What a run costs: 1,000 runs of three modules against nginx, beside the bare requests.

First the 3,000 requests alone, made through the engine as a module makes them; then the same as
runs, with their rows written and their bundles sealed, on SQLite and, where its programs are
installed, on PostgreSQL. All on loopback, with the disk synced. The rounds take turns, so that a
busy machine slows all alike; printed are medians, and ratios to the bare requests of the same turn.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.open import open_engine
from grantline.connections.settings import Settings
from grantline.scenarios.definition.modules import HttpCall, MakeRequest, Module, request_of
from grantline.scenarios.definition.scenario import Bounds, Scenario
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs.run import RunState
from grantline.scenarios.service import Scenarios

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
MODULES = 3
AT_ONCE = 50
ROUNDS = 3
NGINX = """
daemon off; pid {home}/pid; error_log {home}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {home}/a; proxy_temp_path {home}/b;
  fastcgi_temp_path {home}/c; uwsgi_temp_path {home}/d; scgi_temp_path {home}/e;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type application/json; return 200 '{{"id": 7, "items": [1, 2, 3]}}'; }}
  }}
}}
"""


@contextmanager
def nginx() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        port = 20_000 + os.getpid() % 10_000
        conf = Path(home, "nginx.conf")
        conf.write_text(NGINX.format(home=home, port=port))
        process = subprocess.Popen(
            ["nginx", "-c", str(conf), "-p", home, "-e", f"{home}/error.log"]
        )
        try:
            time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def postgresql() -> Iterator[str | None]:
    """The URL of a database of our own; None where PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        yield None
        return
    programs, home = found[-1].parent, Path(tempfile.mkdtemp(prefix="bench-pg-"))
    become: list[str] = []
    if os.geteuid() == 0:
        names = {each.pw_name for each in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
        shutil.chown(home, user=user)
        become = ["runuser", "-u", user, "--"]

    def run(program: str, *arguments: str) -> None:
        command = [*become, str(programs / program), f"--pgdata={home}/data", *arguments]
        quiet = subprocess.DEVNULL
        subprocess.run(command, stdout=quiet, stderr=quiet, cwd="/", check=True)

    run("initdb", "--auth=trust", "--username=grantline")
    options = f"-c listen_addresses='' -c unix_socket_directories='{home}'"
    run("pg_ctl", "start", "--wait", f"--log={home}/log", f"--options={options}")
    try:
        yield f"postgresql://grantline@/postgres?host={home}"
    finally:
        run("pg_ctl", "stop", "--mode=immediate")
        shutil.rmtree(home)


@asynccontextmanager
async def installation(url: str | None) -> AsyncIterator[tuple[Engine, Scenarios]]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {"GRANTLINE_DATA_DIR": folder, "GRANTLINE_ALLOW_HOSTS": "127.0.0.1"}
        settings = Settings.from_environment(environment, url=url)
        async with (
            open_engine(settings) as engine,
            open_scenarios(engine, settings, workers=True) as scenarios,
        ):
            durable = scenarios.runs.durable
            if durable is None or not await durable.open():
                sys.exit("DBOS could not be opened, and what is measured would not be the whole.")
            yield engine, scenarios


async def bare(engine: Engine, url: str) -> float:
    """Seconds for the requests of all runs, as many at a time."""
    left = iter(range(RUNS * MODULES))
    spec = RequestSpec(url=url + "/bare")

    async def some() -> None:
        for _ in left:
            answer = await engine.request_by_id(LOCAL, None, spec)
            answer.raise_for_status()

    start = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return time.perf_counter() - start


async def as_runs(scenarios: Scenarios, url: str) -> float:
    """Seconds until all runs have ended, from the first start on."""
    first = Module(id=1, does=MakeRequest(call=HttpCall(spec=request_of(url + "/one"))))
    rest = [
        Module(
            id=number,
            does=MakeRequest(
                call=HttpCall(spec=request_of(f"{url}/{{{{ {number - 1}.data.id }}}}"))
            ),
        )
        for number in range(2, MODULES + 1)
    ]
    scenario = Scenario(name="Three", bounds=Bounds(at_once=AT_ONCE), modules=(first, *rest))
    runs = scenarios.runs
    start = time.perf_counter()
    started = []
    for _ in range(RUNS // AT_ONCE):
        started += await asyncio.gather(
            *(runs.start_run(LOCAL, scenario, scenario_id="scn_bench") for _ in range(AT_ONCE))
        )
    for each in started:
        ended = await runs.wait(LOCAL, each.id)
        if ended.state is not RunState.SUCCEEDED:
            sys.exit(f"a run failed: {ended.error}")
    return time.perf_counter() - start


async def main() -> None:
    with nginx() as url, postgresql() as database:
        places: dict[str, str | None] = {"SQLite": None}
        if database is not None:
            places["PostgreSQL"] = database
        print(f"{RUNS} runs of {MODULES} modules, {AT_ONCE} at a time")
        for name, where in places.items():
            async with installation(where) as (engine, scenarios):
                await bare(engine, url)
                measured = [
                    (await bare(engine, url), await as_runs(scenarios, url)) for _ in range(ROUNDS)
                ]
                alone = statistics.median(each for each, _ in measured)
                runs = statistics.median(each for _, each in measured)
                ratio = statistics.median(mine / base for base, mine in measured)
                count = RUNS * MODULES
                print(
                    f"  {name:10}  {RUNS / runs:6.0f} runs a second   "
                    f"a module {runs / count * 1e3:6.2f} ms, a bare request "
                    f"{alone / count * 1e3:6.2f} ms   ratio {ratio:.2f}, "
                    f"overhead {(runs - alone) / count * 1e3:.2f} ms a module"
                )


if __name__ == "__main__":
    asyncio.run(main())

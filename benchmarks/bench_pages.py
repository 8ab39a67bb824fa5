"""What a page costs the server at ten thousand connections, and what a first visit loads.

The app in this process on a real SQLite store, asked as a browser asks it; 10,000 connections,
2,000 saved requests and 10,000 runs. Printed are medians and the slowest of each page, without
the network. The goals: 50 ms of server time, and 150 KB for a first load, scripts and styles
included.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin

import httpx2

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL, Engine
from grantline.connections.manage import NewConnection
from grantline.connections.open import open_engine
from grantline.connections.requests.saved_requests import NewRequest
from grantline.connections.settings import Settings
from grantline.oauth.app.settings import AppSettings, ClientSecrets, FlowType
from grantline.secret import Secret
from grantline.server.app import create_app
from grantline.server.settings import ServerSettings
from grantline.store.open import DATABASE_FILE
from grantline.testing.authorization_server import FakeAuthorizationServer

ROUNDS = 40
COPIES = {"connection": 10_000, "saved_request": 2_000, "run": 10_000}
ORIGIN = "http://127.0.0.1:8080"
FROM_HERE = {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}
# What a page names, a style sheet loads, and a script imports.
NAMED = {
    "text/html": re.compile(r'(?:href|src)="(/static/[^"#]+)'),
    "text/css": re.compile(r'url\("?([^")]+)'),
    "text/javascript": re.compile(r'from "(\.[^"]+)"'),
}


async def connect(engine: Engine, server: FakeAuthorizationServer) -> str:
    """The one connection that is real: the others are copies of its row."""
    settings = AppSettings(
        client_id=server.client.client_id, token_uri=server.token_uri, base_url=server.api_url
    )
    secrets = ClientSecrets(client_secret=Secret(server.client.client_secret))
    new = NewConnection(
        name="Orders",
        flow=FlowType.CLIENT_CREDENTIALS,
        settings=settings,
        secrets=secrets,
        scopes=("orders",),
    )
    connection = await engine.manage.create(LOCAL, new)
    await engine.authorize.obtain(LOCAL, connection.id)
    return connection.id


def multiply(database: Path) -> None:
    """Copies the one row of each table, under other ids and names."""
    with sqlite3.connect(database) as store:
        store.row_factory = sqlite3.Row
        for table, wanted in COPIES.items():
            row = dict(store.execute(f"SELECT * FROM {table} LIMIT 1").fetchone())
            marks = ", ".join(f":{name}" for name in row)
            copies = (
                row
                | {"id": f"{row['id']}{n}"}
                | ({"name": f"Orders {n:05}"} if "name" in row else {})
                for n in range(1, wanted)
            )
            store.executemany(f"INSERT INTO {table} VALUES ({marks})", copies)


async def measure(browser: httpx2.AsyncClient, path: str) -> list[float]:
    """Milliseconds of each visit after the first one."""
    took = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        response = await browser.get(path)
        took.append((time.perf_counter() - start) * 1e3)
        assert response.status_code == 200, (path, response.status_code, response.text[:500])
    return took[1:]


async def first_load(browser: httpx2.AsyncClient, path: str) -> int:
    """Bytes of the page and of everything that it loads, and what that loads in turn."""
    seen, waiting, total = set(), [path], 0
    while waiting:
        if (address := waiting.pop()) in seen:
            continue
        seen.add(address)
        response = await browser.get(address)
        assert response.status_code == 200, address
        total += response.num_bytes_downloaded
        media_type = response.headers["content-type"].partition(";")[0]
        if media_type in NAMED:
            named = NAMED[media_type].findall(response.text)
            waiting += [urljoin(address, name) for name in named if not name.startswith("data:")]
    return total


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {"GRANTLINE_DATA_DIR": folder, "GRANTLINE_ALLOW_HOSTS": "127.0.0.1"}
        async with (
            FakeAuthorizationServer() as server,
            open_engine(Settings.from_environment(environment)) as engine,
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(
                    create_app(engine, ServerSettings(public_url=ORIGIN))
                ),
                base_url=ORIGIN,
                headers=FROM_HERE,
            ) as browser,
        ):
            password = "correct horse battery staple"
            account = {"name": "ada", "password": password, "again": password}
            await browser.post("/setup", data=account)
            connection = await connect(engine, server)
            new = NewRequest(
                name="Orders",
                spec=RequestSpec(method="GET", url="/orders"),
                connection_id=connection,
            )
            request = (await engine.requests.create(LOCAL, new)).id
            await engine.run_saved(LOCAL, "Orders")
            run = (await engine.runs.page(LOCAL)).rows[0].id
            multiply(Path(folder) / DATABASE_FILE)
            pages = {
                "connections": "/connections",
                "its last page": "/connections?page=200",
                "searched": "/connections?q=orders+0042",
                "needs attention": "/connections?show=needs_attention",
                "connection": f"/connections/{connection}",
                "where to begin": "/connections/new",
                "form": "/connections/new?by=hand",
                "edit": f"/connections/{connection}/edit",
                "requests": "/requests",
                "requests of one": f"/requests?connection={connection}",
                "new request": "/requests/new",
                "request": f"/requests/{request}",
                "history": "/history",
                "run": f"/history/{run}",
                "credentials": "/credentials",
                "providers": "/providers",
                "settings": "/settings",
            }
            print(f"{'page':18} {'median ms':>10} {'slowest':>9} {'first load KB':>14}")
            for name, path in pages.items():
                took = await measure(browser, path)
                size = await first_load(browser, path)
                middle = statistics.median(took)
                print(f"{name:18} {middle:10.1f} {max(took):9.1f} {size / 1000:14.1f}")


if __name__ == "__main__":
    asyncio.run(main())

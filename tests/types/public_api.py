"""The public API as a caller's type checker sees it; mypy reads this file, nothing runs it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, assert_type

import aiohttp
import httpx
import httpx2
import requests

from grantline import (
    NO_PKCE,
    AsyncConnection,
    AsyncConnections,
    AsyncPending,
    AsyncRequester,
    Connection,
    Connections,
    ConnectionStatus,
    Deleted,
    Edited,
    FlowType,
    GrantlineError,
    ItemsPage,
    KeptScenario,
    Pagination,
    PaginationType,
    Pending,
    ReauthorizationRequired,
    Requester,
    Response,
    RetryPolicy,
    RunState,
    ScenarioResult,
    ScenarioRun,
    Scenarios,
    ScenarioSummary,
    Secret,
    State,
    TokenPlacement,
    Verification,
)
from grantline.integrations.aiohttp import connection_middleware
from grantline.integrations.httpx import ConnectionAuth as HttpxAuth
from grantline.integrations.httpx2 import ConnectionAuth as Httpx2Auth
from grantline.integrations.requests import ConnectionAuth as RequestsAuth


def waiting() -> None:
    with Connections.open("postgresql://db.example/grantline") as connections:
        assert_type(connections, Connections)
        created = connections.create(
            "demo",
            issuer="https://login.example.com",
            client_id="x",
            client_secret="y",
            scopes=["read"],
            flow=FlowType.AUTHORIZATION_CODE,
            token_placement=TokenPlacement.HEADER,
            pkce=NO_PKCE,
            authorize_parameters={"access_type": "offline"},
        )
        assert_type(created, Connection)
        connections.create("demo2", issuer_url="")  # type: ignore[call-arg]
        connections.create("demo3", use_par="yes")  # type: ignore[arg-type]
        assert_type(connections.get("demo"), Connection)
        assert_type(connections.get("demo", proxy="office"), Connection)
        weather = connections.credential("weather", certificate="bank", authority="ours")
        assert_type(weather, Requester)
        assert_type(weather.get("https://api.example/"), Response)
        connections.credential(value="secret")  # type: ignore[call-arg]
        assert_type(connections.list(), list[Connection])
        assert_type(connections.edit("demo", new_name="other"), Edited)
        assert_type(connections.verify("demo"), Verification)
        assert_type(connections.delete("demo"), Deleted)
        scenarios = connections.scenarios
        assert_type(scenarios, Scenarios)
        result = scenarios.run(Path("nightly.yaml"), since="2026-01-01", pages=3)
        assert_type(result, ScenarioResult)
        assert_type(result.output, Any)
        assert_type(result.state, RunState)
        assert_type(scenarios.create({"name": "x", "modules": []}), KeptScenario)
        assert_type(scenarios.list(), list[ScenarioSummary])
        assert_type(scenarios.runs("x"), list[ScenarioRun])
        assert_type(scenarios.export("x"), str)
        with connections.authorize("demo", ["read"], open_browser=True) as pending:
            assert_type(pending, Pending)
            assert_type(pending.url, str)
            assert_type(pending.expires_at, datetime | None)
            assert_type(pending.wait(timeout=1.5), Connection)
            assert_type(pending.complete("https://app.example/?code=x"), Connection)


def requesting(connection: Connection) -> None:
    answer = connection.post(
        "/x", params={"a": ["1", "2"], "b": 3, "c": None}, json={}, timeout=timedelta(seconds=1)
    )
    assert_type(answer, Response)
    assert_type(answer.raise_for_status(), Response)
    assert_type(answer.json(), Any)
    connection.get("/x", query={})  # type: ignore[call-arg]
    connection.put(
        "/x",
        params={"id": [1, 2]},
        array_style="comma",
        content=b"x",
        compress=True,
        files={"a": Path("a.txt"), "b": ("b.txt", b"b")},
        connect_timeout=2.5,
        minimum_tls="1.3",
        address_family="ipv4",
        accept_compressed=False,
        parse_response=False,
        fail_on=["4xx", 503],
        retry=RetryPolicy(attempts=5, methods=("PUT",)),
    )
    assert_type(answer.data, Any)
    assert_type(answer.cookies, dict[str, str])
    for page in connection.pages("/x", pagination=Pagination(type=PaginationType.URL)):
        assert_type(page, ItemsPage)
        assert_type(page.resume, str | None)
    for item in connection.items("/x", pagination={"type": "page"}, retry=3, resume_from=""):
        assert_type(item, Any)
    assert_type(connection.status, ConnectionStatus)
    assert_type(connection.status.state, State)
    token = connection.token(min_ttl=timedelta(minutes=1))
    assert_type(token, Secret)
    assert_type(connection.token(rejected=token), Secret)
    connection.token(rejected="text")  # type: ignore[arg-type]
    try:
        connection.delete("/x")
    except ReauthorizationRequired as error:
        assert_type(error.reason, str)
    except GrantlineError as error:
        assert_type(error.hint, str)


async def awaiting() -> None:
    async with AsyncConnections.open() as connections:
        assert_type(await connections.create("demo", client_id="x"), AsyncConnection)
        assert_type(await connections.list(), list[AsyncConnection])
        assert_type(await connections.credential("weather"), AsyncRequester)
        connection = await connections.get("demo")
        assert_type(connection, AsyncConnection)
        assert_type(await connection.get("/x"), Response)
        assert_type(await connection.token(), Secret)
        async for page in connection.pages("/x"):
            assert_type(page, ItemsPage)
        async with connections.authorize("demo", device=True) as pending:
            assert_type(pending, AsyncPending)
            assert_type(pending.user_code, str)
            assert_type(await pending.wait(), AsyncConnection)


def lending(connection: Connection, awaited: AsyncConnection) -> None:
    httpx2.Client(auth=Httpx2Auth(connection))
    httpx2.AsyncClient(auth=Httpx2Auth(awaited))
    httpx.Client(auth=HttpxAuth(connection))
    httpx.AsyncClient(auth=HttpxAuth(awaited))
    requests.get("https://api.example/", auth=RequestsAuth(connection), timeout=1)
    RequestsAuth(awaited)  # type: ignore[arg-type]
    aiohttp.ClientSession(middlewares=(connection_middleware(awaited),))

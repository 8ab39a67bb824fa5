"""The integrations of clients that await, against the same service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import anyio
import httpx
import httpx2
import pytest

from grantline.client.async_connection import AsyncConnection
from grantline.client.async_connections import AsyncConnections
from grantline.client.connection import Connection
from grantline.errors import ConfigurationError, EgressBlocked
from grantline.integrations import httpx as for_httpx
from grantline.integrations import httpx2 as for_httpx2
from grantline.integrations.aiohttp import connection_middleware
from grantline.integrations.exchange import AnyConnection
from grantline.testing.authorization_server import (
    Answer,
    Endpoint,
    FakeAuthorizationServer,
    Replace,
)
from tests.client.installation import app_of

# The status and the JSON of the answer.
Call = Callable[..., Awaitable[tuple[int, Any]]]


async def with_httpx2(
    connection: AnyConnection, method: str, url: str, body: Any = None
) -> tuple[int, Any]:
    auth = for_httpx2.ConnectionAuth(connection)
    async with httpx2.AsyncClient(auth=auth, follow_redirects=True) as client:
        answer = await client.request(method, url, content=body)
        return answer.status_code, answer.json() if answer.content else None


async def with_httpx(
    connection: AnyConnection, method: str, url: str, body: Any = None
) -> tuple[int, Any]:
    auth = for_httpx.ConnectionAuth(connection)
    async with httpx.AsyncClient(auth=auth, follow_redirects=True) as client:
        answer = await client.request(method, url, content=body)
        return answer.status_code, answer.json() if answer.content else None


async def with_aiohttp(
    connection: AnyConnection, method: str, url: str, body: Any = None
) -> tuple[int, Any]:
    middlewares = (connection_middleware(connection),)
    async with (
        aiohttp.ClientSession(middlewares=middlewares) as session,
        session.request(method, url, data=body) as answer,
    ):
        return answer.status, await answer.json() if await answer.read() else None


@pytest.fixture(params=[with_httpx2, with_httpx, with_aiohttp])
def call(request: pytest.FixtureRequest) -> Call:
    function: Call = request.param
    return function


async def authorized(
    connections: AsyncConnections, server: FakeAuthorizationServer, **more: Any
) -> AsyncConnection:
    await connections.create("awaited", **app_of(server), **more)
    async with connections.authorize("awaited") as pending:
        return await pending.complete(server.approve(pending.url))


@pytest.fixture
async def awaited(
    async_connections: AsyncConnections, server: FakeAuthorizationServer
) -> AsyncConnection:
    return await authorized(async_connections, server)


@pytest.fixture
async def in_query(
    async_connections: AsyncConnections, server: FakeAuthorizationServer
) -> AsyncConnection:
    return await authorized(async_connections, server, token_placement="query")


def renewals(server: FakeAuthorizationServer) -> int:
    return sum(
        dict(entry.incoming.form).get("grant_type") == "refresh_token"
        for entry in server.journal.at(Endpoint.TOKEN)
    )


def redirect_to(server: FakeAuthorizationServer, url: str) -> None:
    """The next answer of the API is a redirect."""
    server.script(Endpoint.API, Replace(Answer(302, b"", (("Location", url),))))


async def test_requests_carry_the_token(
    awaited: AsyncConnection, server: FakeAuthorizationServer, call: Call
) -> None:
    _, answer = await call(awaited, "GET", f"{server.api_url}/me")

    assert answer["name"] == "Demo User"


async def test_a_refused_token_is_renewed_and_the_request_sent_once_more(
    awaited: AsyncConnection, server: FakeAuthorizationServer, call: Call
) -> None:
    server.expire_access_tokens()

    _, answer = await call(awaited, "POST", f"{server.api_url}/echo", b"all of it")

    assert answer["body"] == "all of it"
    assert renewals(server) == 1


async def test_a_streamed_body_is_not_sent_again(
    awaited: AsyncConnection, server: FakeAuthorizationServer, call: Call
) -> None:
    async def once() -> AsyncIterator[bytes]:
        yield b"once"

    server.expire_access_tokens()

    status, _ = await call(awaited, "POST", f"{server.api_url}/echo", once())

    assert status == 401
    assert renewals(server) == 0


async def test_many_refused_requests_renew_the_token_once(
    awaited: AsyncConnection, server: FakeAuthorizationServer, call: Call
) -> None:
    server.expire_access_tokens()
    statuses = []

    async def one() -> None:
        statuses.append((await call(awaited, "GET", f"{server.api_url}/me"))[0])

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(one)

    assert statuses == [200] * 20
    assert renewals(server) == 1


async def test_a_token_in_the_query_is_renewed_when_it_is_refused(
    in_query: AsyncConnection, server: FakeAuthorizationServer, call: Call
) -> None:
    server.expire_access_tokens()

    _, answer = await call(in_query, "GET", f"{server.api_url}/me?page=2")

    assert answer["name"] == "Demo User"
    assert renewals(server) == 1


async def test_a_redirect_at_home_keeps_the_token_of_the_query(
    in_query: AsyncConnection, server: FakeAuthorizationServer, call: Call
) -> None:
    _, answer = await call(in_query, "GET", f"{server.api_url}/redirect?to=/api/me")

    assert answer["name"] == "Demo User"
    assert renewals(server) == 0


@pytest.mark.parametrize("call", [with_httpx2, with_httpx])
async def test_a_redirect_that_repeats_the_query_elsewhere_is_refused(
    in_query: AsyncConnection, server: FakeAuthorizationServer, call: Call
) -> None:
    token = (await in_query.token()).reveal()
    redirect_to(server, f"{server.second_origin}/there?again={token}")

    with pytest.raises(EgressBlocked) as refused:
        await call(in_query, "GET", f"{server.api_url}/me")

    assert refused.value.rule == "token_in_redirect"
    assert server.journal.count(Endpoint.SECOND_ORIGIN) == 0


async def test_a_host_that_is_not_listed_gets_no_token_from_aiohttp(
    awaited: AsyncConnection, server: FakeAuthorizationServer
) -> None:
    elsewhere = server.second_origin.replace("127.0.0.1", "localhost")

    await with_aiohttp(awaited, "GET", f"{server.api_url}/redirect?to={elsewhere}/there")

    (entry,) = server.journal.at(Endpoint.SECOND_ORIGIN)
    assert not entry.incoming.header("Authorization")


async def test_a_redirect_takes_no_query_token_from_aiohttp_to_a_host_that_is_not_listed(
    in_query: AsyncConnection, server: FakeAuthorizationServer
) -> None:
    token = (await in_query.token()).reveal()
    elsewhere = server.second_origin.replace("127.0.0.1", "localhost")
    redirect_to(server, f"{elsewhere}/there?again={token}")

    with pytest.raises(EgressBlocked) as refused:
        await with_aiohttp(in_query, "GET", f"{server.api_url}/me")

    assert refused.value.rule == "token_in_redirect"
    assert server.journal.count(Endpoint.SECOND_ORIGIN) == 0


async def test_a_client_that_awaits_takes_a_connection_that_waits(
    demo: Connection, server: FakeAuthorizationServer, call: Call
) -> None:
    _, answer = await call(demo, "GET", f"{server.api_url}/me")

    assert answer["name"] == "Demo User"


async def test_a_client_that_waits_refuses_a_connection_that_must_be_awaited(
    awaited: AsyncConnection,
) -> None:
    with (
        httpx2.Client(auth=for_httpx2.ConnectionAuth(awaited)) as client,
        pytest.raises(ConfigurationError, match="must be awaited"),
    ):
        client.get("http://127.0.0.1/")

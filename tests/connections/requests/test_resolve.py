"""Where a URL leads, and what an answer says before its body."""

from __future__ import annotations

import asyncio

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.credentials.credential import CredentialIds, Kind
from grantline.connections.engine import LOCAL
from grantline.connections.requests.resolve import Step
from grantline.errors import EgressBlocked, LimitExceeded
from grantline.messages import ClientCertificate, Route
from grantline.secret import Secret
from grantline.testing.authorization_server import Answer, Replace
from tests.connections.credential_values import CANARY, new_credential
from tests.connections.world import World
from tests.recorder import Arrived, answer, recorder

ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\nX-A: 1\r\nx-a: 2\r\n\r\nbeginning"


def method(arrived: Arrived) -> str:
    return arrived.head.split(" ", 1)[0]


async def test_a_url_leads_over_every_redirect_to_its_end(world: World) -> None:
    async with recorder() as end:
        there = end.url("/end?a=b")
        second = answer(307, b"", f"Location: {there}")
        async with recorder([answer(301, b"", "Location: /next"), second]) as start:
            found = await world.engine.resolve_url(LOCAL, start.url("/start"))
    assert (found.url, found.status) == (there, 200)
    assert found.steps == (
        Step(start.url("/start"), 301),
        Step(start.url("/next"), 307),
        Step(there, 200),
    )
    for arrived in (*start.arrived, *end.arrived):
        assert method(arrived) == "HEAD"
        names = {line.partition(":")[0].lower() for line in arrived.lines}
        assert names == {"host", "accept", "accept-encoding", "user-agent"}


async def test_a_server_that_refuses_head_is_asked_with_get_whose_body_is_not_read(
    world: World,
) -> None:
    async def play(request: Arrived, writer: asyncio.StreamWriter) -> None:
        head_only = b"HTTP/1.1 405 No\r\n\r\n"
        writer.write(head_only if method(request) == "HEAD" else ENDLESS)

    async with recorder(play) as server:
        found = await world.engine.resolve_url(LOCAL, server.url())
        assert found.status == 200
        response = await world.engine.retrieve_headers(LOCAL, RequestSpec(url=server.url()))
    assert (response.status, response.content) == (200, b"")
    assert response.headers_by_name["x-a"] == "1, 2"
    assert [method(each) for each in server.arrived] == ["HEAD", "GET"] * 2


async def test_a_missing_page_is_an_end_like_any_other(world: World) -> None:
    async with recorder(b"HTTP/1.1 404 No\r\n\r\n") as server:
        found = await world.engine.resolve_url(LOCAL, server.url())
    assert (found.status, len(found.steps)) == (404, 1)


@pytest.mark.parametrize(
    ("location", "error"),
    [("http://169.254.169.254/", EgressBlocked), ("/again", LimitExceeded)],
)
async def test_a_way_that_leads_nowhere_good_is_refused(
    world: World, location: str, error: type[Exception]
) -> None:
    async with recorder(answer(302, b"", f"Location: {location}")) as server:
        with pytest.raises(error):
            await world.engine.resolve_url(LOCAL, server.url())


async def test_a_client_certificate_does_not_go_along(world: World) -> None:
    # One that cannot even be loaded: it would be an error if anybody tried.
    route = Route(client_certificate=ClientCertificate("none", Secret("none")))
    async with recorder() as server:
        assert (await world.engine.resolve_url(LOCAL, server.url(), route=route)).status == 200


async def test_headers_are_retrieved_with_a_token_or_a_key(world: World) -> None:
    found = await world.authorized()
    world.server.script("api", Replace(Answer(200, b"body", (("X-Limit", "7"),))))
    response = await world.engine.retrieve_headers(
        LOCAL, RequestSpec(url="/me", method="POST"), connection_id=found.id
    )
    assert (response.header("x-limit"), response.content) == ("7", b"")
    (arrived,) = world.server.journal.at("api")
    assert arrived.incoming.method == "HEAD"
    assert arrived.incoming.header("Authorization")
    async with recorder() as server:
        key = await world.engine.credentials.create(LOCAL, new_credential(Kind.KEY))
        ids = CredentialIds(credential_id=key.id)
        spec = RequestSpec(url=server.url())
        await world.engine.retrieve_headers(LOCAL, spec, credentials=ids)
    assert server.arrived[0].header("X-Api-Key") == CANARY

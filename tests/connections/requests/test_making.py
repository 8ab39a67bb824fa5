"""Make a request: with a connection, a credential or nothing; each way leaves a line of history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grantline.calls.bodies.content import form_content, json_content
from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.credentials.authentication import (
    BasicCredential,
    KeyCredential,
    KeyPlacement,
    RequestCredential,
)
from grantline.connections.engine import LOCAL
from grantline.connections.requests.run_detail import KEPT_BYTES
from grantline.errors import ConnectionNotFound, EgressBlocked, InvalidInput, NotFound
from grantline.secret import Secret
from grantline.testing.authorization_server import Answer, Replace
from tests.canary import assert_no_canary
from tests.connections.world import World

CANARY = "canary-key-5d3f1a9b7c2e"
KEY = KeyCredential(name="X-Service", value=Secret(CANARY))
IN_QUERY = KeyCredential(name="k", value=Secret(CANARY), placement=KeyPlacement.QUERY)
BASIC = BasicCredential(username="ada", password=Secret(CANARY))


def echo(world: World) -> str:
    return world.server.api_url + "/echo"


async def test_a_request_with_a_connection_is_made_and_kept(world: World) -> None:
    found = await world.authorized()
    spec = RequestSpec(url="/me", query=(("page", "2"),))

    made = await world.engine.make_request(LOCAL, spec, connection_id=found.id)

    assert made.result().json()["sub"] == "demo-user"
    assert made.run is not None
    assert (await world.engine.runs.page(LOCAL)).rows == (made.run,)
    assert (made.run.status, made.run.attempts, made.run.connection_id) == (200, 1, found.id)
    assert made.run.url == world.server.api_url + "/me?page=2"
    detail = await world.engine.runs.find(LOCAL, made.run.id)
    assert detail.run == made.run
    assert ("Authorization", "Bearer •••") in detail.request.headers
    assert detail.response is not None
    assert detail.response.body.data == made.result().content
    assert detail.error is None


async def test_a_replayed_request_counts_two_attempts(world: World) -> None:
    found = await world.authorized()
    world.server.expire_access_tokens()
    made = await world.engine.make_request(LOCAL, RequestSpec(url="/me"), connection_id=found.id)
    assert made.run is not None
    assert (made.run.attempts, made.result().attempts) == (2, 2)


@pytest.mark.parametrize("credential", [None, KEY, IN_QUERY, BASIC])
async def test_a_request_without_a_connection_carries_what_it_is_given(
    world: World, credential: RequestCredential | None
) -> None:
    spec = RequestSpec(url=echo(world), method="POST", content=json_content({"a": CANARY}))
    world.server.script("api", Replace(Answer.json({"you": CANARY})))

    made = await world.engine.make_request(LOCAL, spec, typed=credential)

    (sent,) = world.server.journal.at("api")
    carried = f"{sent.incoming.headers} {sent.incoming.query}"
    assert made.result().json() == {"you": CANARY}
    assert made.run is not None
    if credential is None:
        assert CANARY not in carried
        return
    assert CANARY in carried or "Basic YWRhO" in carried
    detail = await world.engine.runs.find(LOCAL, made.run.id)
    assert_no_canary([CANARY], repr(made.run), *_texts(detail))


async def test_a_key_in_the_query_does_not_come_back_by_a_redirect(world: World) -> None:
    location = ("Location", f"/api/echo?k={CANARY}&page=2")
    answers = (Answer(302, b"", (location,)), Answer.json({}))
    world.server.script("api", *(Replace(each) for each in answers))
    made = await world.engine.make_request(LOCAL, RequestSpec(url=echo(world)), typed=IN_QUERY)
    assert made.result().url == echo(world) + "?page=2"
    # Within the origin the key goes along, as it would have without the redirect.
    assert dict(world.server.journal.at("api")[1].incoming.query) == {"page": "2", "k": CANARY}


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://169.254.169.254/latest", "ip_link_local"),
        ("https://user:pass@example.com/", "userinfo"),
        ("ftp://example.com/", "scheme"),
        ("/relative", "scheme"),
    ],
)
async def test_a_refused_request_is_kept_with_its_reason(world: World, url: str, rule: str) -> None:
    made = await world.engine.make_request(LOCAL, RequestSpec(url=url))
    assert isinstance(made.error, EgressBlocked)
    assert made.error.rule == rule
    assert made.run is not None
    assert (made.run.status, made.run.error_code) == (None, "egress_blocked")
    detail = await world.engine.runs.find(LOCAL, made.run.id)
    assert detail.error is not None
    assert detail.error.message == made.error.message
    with pytest.raises(EgressBlocked):
        made.result()


async def test_a_credential_stays_with_its_hosts(world: World) -> None:
    other = KeyCredential(name="X-Service", value=Secret(CANARY), hosts=("api.example.com",))
    made = await world.engine.make_request(LOCAL, RequestSpec(url=echo(world)), typed=other)
    assert isinstance(made.error, EgressBlocked)
    assert made.error.rule == "host_not_allowed"
    assert world.server.journal.count("api") == 0


async def test_an_unknown_connection_is_said_and_not_kept(world: World) -> None:
    with pytest.raises(ConnectionNotFound):
        await world.engine.make_request(LOCAL, RequestSpec(url="/me"), connection_id="con_0")
    assert (await world.engine.runs.page(LOCAL)).total == 0


async def test_a_token_and_a_credential_exclude_each_other(world: World) -> None:
    found = await world.draft()
    with pytest.raises(InvalidInput):
        await world.engine.make_request(
            LOCAL, RequestSpec(url="/me"), connection_id=found.id, typed=KEY
        )


async def test_a_draft_says_so_and_is_kept(world: World) -> None:
    found = await world.draft()
    made = await world.engine.make_request(LOCAL, RequestSpec(url="/me"), connection_id=found.id)
    assert made.run is not None
    assert made.run.error_code == "not_authorized"


async def test_what_is_not_to_be_recorded_is_not(world: World) -> None:
    made = await world.engine.make_request(LOCAL, RequestSpec(url=echo(world)), record=False)
    assert made.run is None
    assert (await world.engine.runs.page(LOCAL)).total == 0


async def test_a_large_body_is_kept_in_part(world: World) -> None:
    world.server.script("api", Replace(Answer(body=b"x" * (KEPT_BYTES + 5))))
    made = await world.engine.make_request(LOCAL, RequestSpec(url=echo(world)))
    assert made.run is not None
    assert made.run.size_bytes == KEPT_BYTES + 5
    detail = await world.engine.runs.find(LOCAL, made.run.id)
    assert detail.response is not None
    assert len(detail.response.body.data) == KEPT_BYTES
    assert detail.response.body.truncated


async def test_neither_history_nor_database_shows_a_secret(world: World) -> None:
    found = await world.authorized()
    secrets = [
        await world.token(found),
        await world.refresh_token(found),
        world.server.client.client_secret,
        CANARY,
    ]
    world.server.script("api", Replace(Answer.json({"quoted": secrets})))
    made = await world.engine.make_request(
        LOCAL,
        RequestSpec(
            url="/echo",
            method="POST",
            query=(("api_key", CANARY),),
            headers=(("Cookie", CANARY),),
            content=form_content((("token", secrets[0]),)),
        ),
        connection_id=found.id,
    )
    assert made.run is not None
    detail = await world.engine.runs.find(LOCAL, made.run.id)
    texts = _texts(detail)
    assert_no_canary(secrets[:3], *texts)
    assert CANARY not in f"{detail.request.url} {detail.request.headers}"
    assert_no_canary(secrets, world.folder)


async def test_runs_are_deleted_and_purged(world: World) -> None:
    for _ in range(3):
        await world.engine.make_request(LOCAL, RequestSpec(url=echo(world)))
        world.clock.advance(timedelta(hours=1))
    newest, middle, oldest = (await world.engine.runs.page(LOCAL)).rows
    await world.engine.runs.delete(LOCAL, middle.id)
    with pytest.raises(NotFound):
        await world.engine.runs.find(LOCAL, middle.id)
    assert await world.engine.runs.purge(LOCAL, keep=timedelta(hours=2)) == 1
    assert (await world.engine.runs.page(LOCAL)).rows == (newest,)
    assert oldest.at < newest.at


async def test_another_workspace_sees_and_changes_no_run(world: World) -> None:
    made = await world.engine.make_request(LOCAL, RequestSpec(url=echo(world)))
    assert made.run is not None
    stranger = Actor(workspace="away")
    for call in (
        world.engine.runs.find(stranger, made.run.id),
        world.engine.runs.delete(stranger, made.run.id),
    ):
        with pytest.raises(NotFound):
            await call
    assert (await world.engine.runs.page(stranger)).total == 0
    assert await world.engine.runs.purge(stranger, keep=timedelta(0), at_most=0) == 0
    found = await world.draft()
    with pytest.raises(ConnectionNotFound):
        await world.engine.make_request(stranger, RequestSpec(url="/me"), connection_id=found.id)
    assert (await world.engine.runs.page(LOCAL)).rows == (made.run,)


def _texts(detail: Any) -> list[str]:
    bodies = [detail.request.body.text]
    shown = [detail.request.url, repr(detail.request.headers), repr(detail.error)]
    if detail.response is not None:
        bodies.append(detail.response.body.text)
        shown += [detail.response.url, repr(detail.response.headers)]
    return bodies + shown

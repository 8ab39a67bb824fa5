"""Requests with a token: where it goes, when it is replaced, and where it never shows up."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from grantline.calls.answers.response_stream import ResponseStream
from grantline.calls.bodies.content import Content, form_content
from grantline.calls.bodies.upload import Upload
from grantline.calls.request import RequestSpec
from grantline.connections.connection import Connection
from grantline.connections.engine import LOCAL
from grantline.connections.planning import ConnectionEdit
from grantline.connections.requests.expiry import LOOKED_AT_BYTES
from grantline.connections.requests.perform import NOT_SENT_AGAIN
from grantline.errors import EgressBlocked, LimitExceeded, NotAuthorized, TransportFailed
from grantline.oauth.app.settings import ClientSecrets, TokenPlacement
from grantline.secret import Secret
from grantline.testing.authorization_server import Answer, Leniency, Replace, Rule, ServerOptions
from tests.connections.world import World
from tests.recorder import Arrived, recorder
from tests.sources import ListSource, drained

IN_QUERY = ServerOptions(lenient=frozenset({Leniency.ACCESS_TOKEN_IN_QUERY}))
SOON = timedelta(milliseconds=50)
REFUSED = Answer.json({"error": "invalid_token"}, status=401)


def _redirect(to: str, status: int = 302) -> str:
    return f"/redirect?status={status}&to={quote(to, safe='')}"


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({}, REFUSED),
        ({"expired_statuses": (403,)}, Answer.json({}, status=403)),
        ({"expired_body_matches": ("token_expired",)}, Answer.json({"error": "token_expired"})),
    ],
    ids=["401", "extra status", "body match"],
)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
async def test_a_sign_of_expiry_gives_one_renewal_and_one_replay(
    world: World, settings: dict[str, Any], answer: Answer, *, for_ever: bool
) -> None:
    found = await world.authorized(**settings)
    world.server.script("api", *[Replace(answer)] * (10 if for_ever else 1))
    content = Content(b'{"a": 1}', "application/json")

    response = await world.get(found, "/echo", method="POST", content=content)

    assert response.is_success is (not for_ever or answer.status == 200)
    first, second = world.server.journal.at("api")
    assert first.incoming.body == second.incoming.body == content.data
    assert first.incoming.header("Authorization") != second.incoming.header("Authorization")
    assert len(world.refreshes()) == 1


@pytest.mark.parametrize("answer", [Answer.json({}, status=403), Answer.json({}, status=500)])
async def test_other_refusals_are_shown_and_not_retried(world: World, answer: Answer) -> None:
    found = await world.authorized()
    world.server.script("api", Replace(answer))
    assert (await world.get(found)).status == answer.status
    assert world.server.journal.count("api") == 1
    assert world.refreshes() == []


async def test_a_token_that_died_early_is_replaced(world: World) -> None:
    found = await world.authorized()
    world.server.expire_access_tokens()
    assert (await world.get(found)).is_success
    assert (await world.find(found)).generation == 2


@pytest.mark.parametrize("server_options", [ServerOptions(omit_refresh_token=True)])
async def test_a_401_that_cannot_be_mended_is_the_answer(world: World) -> None:
    found = await world.authorized()
    world.server.expire_access_tokens()
    assert (await world.get(found)).status == 401
    assert world.server.journal.count("api") == 1


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://localhost:1/x", "host_not_allowed"),
        ("https://api.example.com/x", "host_not_allowed"),
        ("//127.0.0.1@evil.example/", "host_changed"),
        ("@evil.example/", "host_changed"),
        ("/../../elsewhere", "dot_segment"),
    ],
)
async def test_the_token_goes_to_no_other_host(world: World, url: str, rule: str) -> None:
    found = await world.authorized()
    with pytest.raises(EgressBlocked) as caught:
        await world.get(found, url)
    assert caught.value.rule == rule
    assert world.server.journal.count("api") == 0


async def test_a_request_with_a_credential_of_its_own_is_refused(world: World) -> None:
    found = await world.authorized()
    with pytest.raises(EgressBlocked) as caught:
        await world.get(found, headers=(("authorization", "Basic other"),))
    assert caught.value.rule == "credential_conflict"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_within_the_origin_keeps_the_token(world: World, status: int) -> None:
    found = await world.authorized()
    response = await world.get(found, _redirect("/api/me", status))
    assert response.json()["sub"] == "demo-user"
    assert response.url == world.server.api_url + "/me"
    assert len(response.redirects) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_origin_goes_on_without_anything_of_ours(
    world: World, status: int
) -> None:
    found = await world.authorized()
    there = world.server.second_origin + "/landing"
    headers = (("X-Api-Key", "another secret"), ("Cookie", "a=b"), ("Accept", "text/plain"))
    response = await world.get(found, _redirect(there, status), headers=headers)
    assert response.url == there
    (arrived,) = world.server.journal.at("second_origin")
    names = {name.lower() for name, _ in arrived.incoming.headers}
    assert names <= {"host", "accept", "accept-encoding", "user-agent"}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_body_does_not_follow_to_another_origin(world: World, status: int) -> None:
    found = await world.authorized()
    there = world.server.second_origin + "/landing"
    with pytest.raises(EgressBlocked) as caught:
        await world.get(
            found, _redirect(there, status), method="POST", content=form_content((("a", "b"),))
        )
    assert caught.value.rule == "body_cross_origin"
    assert world.server.journal.count("second_origin") == 0


async def test_the_token_does_not_come_back_with_the_way(world: World) -> None:
    found = await world.authorized()
    back = Answer(302, b"", (("Location", world.server.api_url + "/me"),))
    world.server.script("second_origin", Replace(back))
    response = await world.get(found, _redirect(world.server.second_origin + "/there"))
    assert response.status == 401
    assert world.server.journal.at("api")[-1].incoming.header("Authorization") == ""
    # The token was never presented to whoever refused: there is nothing to renew.
    assert world.refreshes() == []
    assert [url.rpartition("/")[2].partition("?")[0] for url in response.redirects] == [
        "redirect",
        "there",
    ]


async def test_redirects_can_be_looked_at_instead_of_followed(world: World) -> None:
    found = await world.authorized()
    response = await world.get(found, _redirect("/api/me"), follow_redirects=False)
    assert response.status == 302
    assert response.redirects == ()


async def test_a_circle_of_redirects_ends(world: World) -> None:
    found = await world.authorized()
    world.server.script("api", *[Replace(Answer(302, b"", (("Location", "/api/me"),)))] * 10)
    with pytest.raises(LimitExceeded):
        await world.get(found)


@pytest.mark.parametrize("server_options", [IN_QUERY])
async def test_a_token_in_the_query_shows_up_in_no_url(world: World) -> None:
    found = await world.authorized(token_placement=TokenPlacement.QUERY)
    response = await world.get(found, _redirect("/api/echo?a=1") + "#part")
    token = await world.token(found)
    assert token not in " ".join((response.url, *response.redirects))
    assert response.url == world.server.api_url + "/echo?a=1"
    for entry in world.server.journal.at("api"):
        assert ("access_token", token) in entry.incoming.query
        assert entry.incoming.header("Authorization") == ""


@pytest.mark.parametrize("server_options", [IN_QUERY])
async def test_a_redirect_that_copies_our_query_does_not_keep_the_token(world: World) -> None:
    found = await world.authorized(token_placement=TokenPlacement.QUERY)
    token = await world.token(found)
    copied = f"?a=1&access_token={token}"
    there = world.server.second_origin + "/there"
    world.server.script(
        "api",
        Replace(Answer(302, b"", (("Location", "/api/echo" + copied),))),
        Replace(Answer(302, b"", (("Location", there + copied),))),
    )
    response = await world.get(found)
    assert response.url == there + "?a=1"
    assert token not in " ".join(response.redirects)
    (arrived,) = world.server.journal.at("second_origin")
    assert arrived.incoming.query == (("a", "1"),)


async def test_token_name_and_placement_are_followed_by_the_next_request(world: World) -> None:
    found = await world.authorized()
    world.server.journal.allow(Rule.ACCESS_TOKEN_IN_TWO_PLACES, Rule.SECRET_IN_URL)
    await world.get(found, "/status/200")
    token = await world.token(found)
    for change, header, query in (
        ({"token_name": "Token"}, f"Token {token}", ()),
        ({"token_name": ""}, token, ()),
        (
            {"token_placement": TokenPlacement.BOTH, "token_name": "Bearer", "query_name": "key"},
            f"Bearer {token}",
            (("key", token),),
        ),
    ):
        await world.engine.manage.edit(LOCAL, "demo", ConnectionEdit(settings=change))
        world.server.script("api", Replace(Answer.json({})))
        await world.get(found, "/anything")
        arrived = world.server.journal.at("api")[-1].incoming
        assert arrived.header("Authorization") == header
        assert arrived.query == query
    assert (await world.find(found)).generation == 1


async def test_an_edit_of_who_we_are_takes_the_token_from_the_next_request(world: World) -> None:
    found = await world.authorized()
    await world.get(found)
    edit = ConnectionEdit(
        settings={"client_id": "another"}, secrets=ClientSecrets(client_secret=Secret("again"))
    )
    await world.engine.manage.edit(LOCAL, "demo", edit)
    with pytest.raises(NotAuthorized):
        await world.get(found)
    assert world.server.journal.count("api") == 1


async def test_a_use_is_noted_once_a_minute(world: World) -> None:
    found = await world.authorized()
    first = world.clock.now()
    for _ in range(3):
        await world.get(found)
        world.clock.advance(timedelta(seconds=25))
    await world.get(found)
    await world.engine.context.settle()  # notes are written beside the work
    assert (await world.find(found)).last_used_at == first + timedelta(seconds=75)


async def streamed(
    world: World, connection: Connection, url: str, upload: Upload | None = None, **spec: Any
) -> tuple[ResponseStream, bytes]:
    spec_ = RequestSpec(url=url, **spec)
    async with world.engine.stream(LOCAL, connection.id, spec_, upload=upload) as answer:
        return answer, await drained(answer.chunks)


async def test_a_stream_goes_the_same_way_as_a_whole_answer(world: World) -> None:
    found = await world.authorized()
    world.server.expire_access_tokens()
    answer, body = await streamed(world, found, _redirect("/api/me"))
    assert json.loads(body)["sub"] == "demo-user"
    assert (answer.status, answer.attempts, answer.notice) == (200, 2, "")
    assert answer.url == world.server.api_url + "/me"
    assert len(answer.redirects) == 1
    assert len(world.refreshes()) == 1


@pytest.mark.parametrize(
    "body", [b"", b"fine", b'{"error": "token_expired"}', b"x" * LOOKED_AT_BYTES + b"token_expired"]
)
async def test_looking_for_signs_of_expiry_takes_nothing_from_a_stream(
    world: World, body: bytes
) -> None:
    found = await world.authorized(expired_body_matches=("token_expired",))
    world.server.script("api", *[Replace(Answer(200, body))] * 2)
    answer, read = await streamed(world, found, "/me")
    assert read == body
    assert (answer.attempts == 2) == (b"token_expired" in body[:LOOKED_AT_BYTES])


@pytest.mark.parametrize("replayable", [True, False])
async def test_an_upload_is_replayed_when_it_can_be_read_again(
    world: World, *, replayable: bool
) -> None:
    found = await world.authorized()
    world.server.expire_access_tokens()
    source = ListSource(size=7, replayable=replayable)
    answer, _ = await streamed(
        world, found, "/echo", Upload(source, "application/octet-stream"), method="POST"
    )
    assert (answer.status, answer.attempts) == ((200, 2) if replayable else (401, 1))
    assert answer.notice == ("" if replayable else NOT_SENT_AGAIN)
    bodies = [entry.incoming.body for entry in world.server.journal.at("api")]
    assert bodies == [b"one two"] * (1 + replayable)
    assert source.reads == len(bodies)
    # The token was renewed either way, so the next try works.
    assert len(world.refreshes()) == 1
    assert (await world.get(found)).is_success


async def test_an_upload_takes_the_place_of_the_content_and_names_its_type(world: World) -> None:
    found = await world.authorized()
    made = await world.engine.make_request(
        LOCAL,
        RequestSpec(url="/echo", method="PUT", content=form_content((("a", "b"),))),
        connection_id=found.id,
        upload=Upload(ListSource(), "text/csv"),
    )
    assert made.result().status == 200
    (arrived,) = world.server.journal.at("api")
    assert arrived.incoming.body == b"one two"
    assert arrived.incoming.header("Content-Type") == "text/csv"


@pytest.mark.parametrize(
    ("scheme", "total", "connect", "check"),
    [("http", SOON, None, "timeout"), ("https", None, SOON, "connect")],
)
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_the_deadlines_of_a_request_are_kept(
    world: World,
    scheme: str,
    total: timedelta | None,
    connect: timedelta | None,
    check: str,
    *,
    is_streamed: bool,
) -> None:
    async def silent(_request: Arrived, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def ask(spec: RequestSpec) -> None:
        if is_streamed:
            async with world.engine.stream(LOCAL, None, spec):
                return
        (await world.engine.make_request(LOCAL, spec)).result()

    async with recorder(silent) as server:
        url = server.url(scheme=scheme)
        with pytest.raises(TransportFailed) as caught:
            await ask(RequestSpec(url=url, timeout=total, connect_timeout=connect))
    assert caught.value.check == check

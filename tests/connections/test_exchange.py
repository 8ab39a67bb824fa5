"""A transcript is kept of every exchange with the authorization server, and holds no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from grantline.connections.connection import Actor, Connection
from grantline.connections.engine import LOCAL
from grantline.connections.transcript import Line, as_text
from grantline.errors import ConnectionNotFound, GrantlineError, InvalidGrant
from grantline.oauth.app.settings import FlowType
from grantline.testing.authorization_server import Answer, Drop, Replace
from grantline.testing.clock import JumpingClock
from tests.canary import assert_no_canary
from tests.connections.world import World, a_world


async def steps(world: World, found: Connection) -> list[str]:
    return [str(each.step) for each in await world.engine.transcript(LOCAL, found.id)]


def value(line: Line, name: str) -> str:
    return next(each.value for each in (*line.sent, *line.received) if each.name == name)


async def test_a_consent_and_a_renewal_are_told_in_order(world: World) -> None:
    found = await world.authorized()
    await world.token(found, rejected=(await world.engine.token(LOCAL, found.id)))

    told = await world.engine.transcript(LOCAL, found.id)

    assert [str(each.step) for each in told] == ["authorize", "callback", "token", "refresh"]
    authorize, callback, token, refresh = told
    assert value(authorize, "scope") == "profile orders"
    assert value(authorize, "state") == "•••"
    assert value(callback, "iss") == world.server.issuer
    assert (token.status, value(token, "grant_type")) == (200, "authorization_code")
    assert (refresh.status, value(refresh, "grant_type")) == (200, "refresh_token")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"use_par": True}, ["pushed_authorization", "authorize", "callback", "token"]),
        ({"flow": FlowType.CLIENT_CREDENTIALS}, ["token"]),
    ],
)
async def test_other_flows_are_told_too(
    world: World, settings: dict[str, object], expected: list[str]
) -> None:
    if "use_par" in settings:
        settings = {**settings, "pushed_authorization_uri": world.server.pushed_authorization_uri}
    found = await world.draft(**settings)  # type: ignore[arg-type]
    if found.flow.needs_browser:
        await world.authorize(found)
    else:
        await world.engine.authorize.obtain(LOCAL, found.id)
    assert await steps(world, found) == expected


async def test_a_failure_is_told(world: World) -> None:
    found = await world.draft()
    refusal = Answer.json({"error": "invalid_client", "error_description": "no"}, status=401)
    world.server.script("token", Replace(refusal))
    with pytest.raises(GrantlineError):
        await world.authorize(found)
    last = (await world.engine.transcript(LOCAL, found.id))[-1]
    assert (last.status, value(last, "error")) == (401, "invalid_client")


async def test_an_answer_that_did_not_come_is_told(world: World) -> None:
    found = await world.draft()
    world.server.script("token", Drop())
    with pytest.raises(GrantlineError):
        await world.authorize(found)
    last = (await world.engine.transcript(LOCAL, found.id))[-1]
    assert last.status is None
    assert last.error


async def test_neither_transcript_nor_database_holds_a_secret(world: World) -> None:
    found = await world.authorized()
    secrets = [world.server.client.client_secret]
    for _ in range(2):
        secrets += [await world.token(found), await world.refresh_token(found)]
        await world.token(found, rejected=(await world.engine.token(LOCAL, found.id)))
    quoting = {"error": "invalid_request", "error_description": f"you sent {secrets}"}
    world.server.script("token", Replace(Answer.json(quoting, status=400)))
    with pytest.raises(GrantlineError):
        await world.token(found, rejected=(await world.engine.token(LOCAL, found.id)))
    for entry in world.server.journal.at("token"):
        parameters = entry.incoming.parameters
        secrets += [parameters[each] for each in ("code", "code_verifier") if each in parameters]

    told = await world.engine.transcript(LOCAL, found.id)

    # The last line quotes tokens of earlier generations, which nobody knows any more; all that the
    # connection holds, and all that was sent, is masked.
    current = [await world.token(found), await world.refresh_token(found), secrets[0]]
    assert_no_canary(current, as_text(told))
    assert_no_canary(secrets, as_text(told[:-1]), world.folder)


async def test_a_transcript_is_its_workspaces_and_goes_with_the_connection(world: World) -> None:
    found = await world.authorized()
    with pytest.raises(ConnectionNotFound):
        await world.engine.transcript(Actor(workspace="away"), found.id)
    assert (await world.engine.delete(LOCAL, found.id)).revocation.revoked
    with pytest.raises(ConnectionNotFound):
        await world.engine.transcript(LOCAL, found.id)
    await world.engine.context.settle()
    assert world.engine.context.store.list_transcript("local", found.id) == []


async def test_waiting_for_a_device_does_not_push_out_the_rest(tmp_path: Path) -> None:
    async with a_world(tmp_path, clock=JumpingClock()) as world:
        found = await world.draft(
            flow=FlowType.DEVICE, device_authorization_uri=world.server.device_authorization_uri
        )
        start = await world.engine.devices.begin(LOCAL, found.id)
        with pytest.raises(InvalidGrant):
            await world.engine.devices.finish(LOCAL, start)
        assert world.server.journal.count("token") > 10
        assert await steps(world, found) == ["device_authorization"]

"""The whole examination, with an engine, a service and a database."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Actor
from grantline.connections.engine import LOCAL
from grantline.connections.renewal.spool import Spool, SpooledAnswer
from grantline.connections.requests.saved_requests import NewRequest
from grantline.errors import TemporarilyUnavailable
from grantline.store.open import DATABASE_FILE
from grantline.testing.authorization_server import Answer, Replace
from grantline.testing.clock import FakeClock
from tests.connections.world import World, an_engine


@pytest.fixture
def clock() -> FakeClock:
    """Where the clock of the server's HTTP library is, which dates its answers."""
    return FakeClock(datetime.now(UTC))


async def codes(world: World, *, asks: bool = True, public_url: str = "") -> list[str]:
    found = await world.engine.find(LOCAL, "demo")
    told = await world.engine.doctor.examine(LOCAL, found, asks=asks, public_url=public_url)
    return [each.code for each in told]


async def test_a_connection_that_works_is_well(world: World) -> None:
    await world.authorized()
    assert await codes(world) == []
    assert await world.engine.doctor.installation() == ()


async def test_the_doctor_measures_the_clock_itself(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(timedelta(minutes=5))
    (skew,) = await world.engine.doctor.examine(LOCAL, found)
    assert [label for label, _ in skew.evidence] == ["This machine's clock", "The service's clock"]


async def test_a_host_that_requests_ask_and_the_list_lacks_is_found(world: World) -> None:
    found = await world.authorized()
    for name, url in (("far", "https://else.example/x?key=1"), ("near", "/me")):
        new = NewRequest(name=name, spec=RequestSpec(url=url), connection_id=found.id)
        await world.engine.requests.create(LOCAL, new)
    assert await codes(world) == ["request_host_not_listed"]


async def test_an_api_on_a_closed_network_is_found_by_asking(world: World) -> None:
    await world.draft(base_url="https://10.0.0.1/api")
    assert await codes(world) == ["blocked", "not_authorized"]
    assert await codes(world, asks=False) == ["not_authorized"]


async def test_a_changed_public_url_is_found(world: World) -> None:
    found = await world.draft()
    await world.begin(found, redirect_uri="https://old.example/oauth/callback/x")
    assert await codes(world, public_url="https://new.example") == [
        "redirect_uri_changed",
        "not_authorized",
    ]


async def test_a_token_that_is_not_renewed_for_now_is_told(world: World) -> None:
    found = await world.authorized()
    world.server.script("token", Replace(Answer.json({}, status=503)))
    world.clock.advance(timedelta(hours=2))
    with pytest.raises(TemporarilyUnavailable):
        await world.token(found)
    assert await codes(world, asks=False) == ["renewal_fails", "clock_skew"]


async def test_an_endpoint_that_moved_is_told_and_stays(world: World) -> None:
    pinned = {"revocation_uri": f"{world.server.issuer}/old-revoke"}
    connection = await world.authorized(**pinned)
    assert await codes(world) == ["endpoints_moved"]
    assert await codes(world, asks=False) == []
    kept = (await world.find(connection)).app.settings
    assert kept.revocation_uri == pinned["revocation_uri"]


async def test_those_in_trouble_come_first_and_the_rest_is_counted(world: World) -> None:
    for name in ("a", "b"):
        await world.authorized(name)
    await world.draft("c")
    examined, left_out = await world.engine.doctor.connections(LOCAL, at_most=3, asks=False)
    assert examined[0].connection.name == "c"
    assert (len(examined), left_out) == (3, 0)
    examined, left_out = await world.engine.doctor.connections(LOCAL, at_most=1, asks=False)
    assert (examined[0].connection.name, left_out) == ("a", 2)
    stranger = await world.engine.doctor.connections(Actor("other"), at_most=9, asks=False)
    assert stranger == ((), 0)


async def test_secrets_that_do_not_open_are_all_that_is_told_of_tokens(world: World) -> None:
    await world.authorized()
    with sqlite3.connect(world.folder / DATABASE_FILE) as database:
        database.execute("UPDATE connection SET sealed_tokens = 'damaged'")
    assert await codes(world, asks=False) == ["secret_unreadable"]
    (damaged,) = await world.engine.doctor.installation()
    assert damaged.code == "secrets_damaged"


async def test_a_copy_and_waiting_answers_are_told(world: World, tmp_path: Path) -> None:
    await world.draft()
    shutil.copytree(world.folder, tmp_path / "copy")
    async with an_engine(tmp_path / "copy") as copy:
        answer = SpooledAnswer(
            instance=copy.context.database_id,
            workspace="local",
            connection_id="con_1",
            attempt_id="att_1",
            sealed_answer="",
        )
        Spool(tmp_path / "copy").append(answer)
        told = await copy.doctor.installation()
    assert [each.code for each in told] == ["quarantined", "answers_waiting"]

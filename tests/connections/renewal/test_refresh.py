"""Renewal: when, how often, what is kept, and what many callers see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from grantline.connections.connection import Actor
from grantline.connections.engine import LOCAL
from grantline.errors import (
    ConnectionNotFound,
    NotAuthorized,
    ReauthorizationRequired,
)
from grantline.secret import Secret
from grantline.testing.authorization_server import (
    ExpiresIn,
    ServerOptions,
)
from tests.connections.world import World, a_world, an_engine

HOUR = timedelta(hours=1)


async def test_a_token_is_renewed_ahead_of_its_end(world: World) -> None:
    found = await world.authorized()
    first = await world.token(found)
    world.clock.advance(HOUR - timedelta(minutes=5, seconds=1))
    assert await world.token(found) == first
    world.clock.advance(timedelta(seconds=1))
    assert await world.token(found) != first
    assert len(world.refreshes()) == 1


async def test_a_rotated_refresh_token_replaces_the_old_one(world: World) -> None:
    found = await world.authorized()
    kept = {await world.refresh_token(found)}
    for _ in range(3):
        world.clock.advance(HOUR)
        await world.token(found)
        kept.add(await world.refresh_token(found))
    assert len(kept) == 4
    assert (await world.find(found)).generation == 4


@pytest.mark.parametrize("server_options", [ServerOptions(rotate=False)])
async def test_an_omitted_refresh_token_is_kept(world: World) -> None:
    found = await world.authorized()
    kept = await world.refresh_token(found)
    for _ in range(2):
        world.clock.advance(HOUR)
        await world.token(found)
        assert await world.refresh_token(found) == kept


@pytest.mark.parametrize("omitted", ["", None])
async def test_an_empty_refresh_token_is_no_refresh_token(
    tmp_path: Path, omitted: str | None
) -> None:
    odd: Iterator[dict[str, str | None]] = iter([{}, {"refresh_token": omitted}])
    options = ServerOptions(rotate=False, token_answer=lambda answer: {**answer, **next(odd)})
    async with a_world(tmp_path, options) as world:
        found = await world.authorized()
        kept = await world.refresh_token(found)
        world.clock.advance(HOUR)
        await world.token(found)
        assert await world.refresh_token(found) == kept


@pytest.mark.parametrize("server_options", [ServerOptions(expires_in=ExpiresIn.ABSENT)])
async def test_a_token_of_unknown_end_is_used_until_a_service_refuses_it(world: World) -> None:
    found = await world.authorized()
    first = await world.token(found)
    world.clock.advance(timedelta(days=400))
    assert await world.token(found) == first
    assert (await world.get(found)).is_success
    assert len(world.refreshes()) == 1


async def test_a_caller_may_ask_for_more_time_than_is_left(world: World) -> None:
    found = await world.authorized()
    first = await world.token(found)
    world.clock.advance(timedelta(minutes=30))
    assert await world.token(found, min_ttl=timedelta(minutes=29)) == first
    assert await world.token(found, min_ttl=timedelta(minutes=31)) != first


async def test_more_time_than_any_token_has_gives_the_freshest_one(world: World) -> None:
    found = await world.authorized()
    first = await world.token(found)
    assert await world.token(found, min_ttl=timedelta(days=1)) != first
    assert len(world.refreshes()) == 1


async def test_a_rejected_token_is_renewed_once_for_all_who_had_it(world: World) -> None:
    found = await world.authorized()
    rejected = Secret(await world.token(found))
    tokens: set[str] = set()

    async def ask() -> None:
        tokens.add(await world.token(found, rejected=rejected))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    await ask()
    assert len(tokens) == 1
    assert rejected.reveal() not in tokens
    assert len(world.refreshes()) == 1


@pytest.mark.parametrize("server_options", [ServerOptions(omit_refresh_token=True)])
async def test_without_a_refresh_token_the_likely_cause_is_named(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR - timedelta(seconds=1))
    assert await world.token(found)  # due, but alive: nothing better is to be had
    world.clock.advance(timedelta(seconds=1))
    with pytest.raises(ReauthorizationRequired) as caught:
        await world.token(found)
    assert "no refresh token" in caught.value.reason
    for likely in ("offline_access", "access_type=offline", "connection reauthorize demo"):
        assert likely in caught.value.hint
    assert world.refreshes() == []


async def test_a_draft_gives_no_token(world: World) -> None:
    draft = await world.draft()
    with pytest.raises(NotAuthorized):
        await world.token(draft)
    with pytest.raises(NotAuthorized):
        await world.get(draft)


async def test_a_thousand_callers_share_one_renewal(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    tokens: list[str] = []

    async def ask() -> None:
        tokens.append(await world.token(found))

    async with anyio.create_task_group() as tasks:
        for _ in range(1000):
            tasks.start_soon(ask)
    assert len(tokens) == 1000
    assert len(set(tokens)) == 1
    assert len(world.refreshes()) == 1


async def test_callers_who_leave_do_not_end_the_renewal(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    with world.server.hold("token", "committed") as answer:
        waiting = [asyncio.ensure_future(world.token(found)) for _ in range(5)]
        await answer.reached()
        for one in waiting[:4]:
            one.cancel()
        answer.release()
        results = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(one) for one in results[:4]] == [asyncio.CancelledError] * 4
    assert results[4] == await world.token(found)
    assert len(world.refreshes()) == 1


async def test_a_renewal_that_everybody_left_is_still_saved(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    with world.server.hold("token", "committed") as answer:
        waiting = asyncio.ensure_future(world.token(found))
        await answer.reached()
        waiting.cancel()
        answer.release()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await world.token(found)
    assert (await world.find(found)).generation == 2
    assert len(world.refreshes()) == 1


async def test_nobody_joins_the_renewal_of_another_workspace(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    stranger = Actor(workspace="elsewhere")
    with world.server.hold("token", "committed") as answer:
        waiting = asyncio.ensure_future(world.token(found))
        await answer.reached()
        with pytest.raises(ConnectionNotFound):
            await world.engine.token(stranger, found.id, rejected=Secret("any"))
        answer.release()
        await waiting


async def test_who_joins_a_renewal_with_greater_wishes_gets_the_next_one(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    with world.server.hold("token", "committed") as answer:
        waiting = asyncio.ensure_future(world.token(found))
        await answer.reached()
        greater = asyncio.ensure_future(world.token(found, min_ttl=timedelta(days=1)))
        answer.release()
        assert await waiting != await greater
    assert len(world.refreshes()) == 2


async def test_closing_waits_for_a_renewal_and_saves_it(world: World, tmp_path: Path) -> None:
    found = await world.authorized()
    world.clock.advance(HOUR)
    with world.server.hold("token", "committed") as answer:
        async with an_engine(tmp_path, world.clock) as second:
            waiting = asyncio.ensure_future(second.token(LOCAL, found.id))
            await answer.reached()
            waiting.cancel()
            answer.release()
    assert (await world.find(found)).generation == 2

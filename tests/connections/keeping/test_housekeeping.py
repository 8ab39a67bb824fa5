"""What leaves the store with time, and that the audit stays."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.engine import LOCAL
from grantline.connections.keeping.housekeeping import (
    ENDED_KEPT_FOR,
    TIDIED_EVERY,
    TRANSCRIPT_KEPT_FOR,
    keep_tidy,
    tidy,
)
from grantline.connections.requests.runs import KEPT_FOR
from grantline.errors import StoreBusy
from tests.connections.world import World


async def test_runs_and_transcripts_leave_when_they_are_old_and_the_audit_stays(
    world: World,
) -> None:
    found = await world.authorized()
    await world.engine.make_request(
        LOCAL, RequestSpec(method="GET", url="/me"), connection_id=found.id
    )
    told = await world.engine.history(LOCAL, found.id)
    assert await tidy(world.engine.context) == 0

    world.clock.advance(KEPT_FOR + timedelta(seconds=1))
    assert await tidy(world.engine.context) >= 1
    assert (await world.engine.runs.page(LOCAL)).total == 0
    assert await world.engine.transcript(LOCAL, found.id)

    world.clock.advance(TRANSCRIPT_KEPT_FOR)
    await tidy(world.engine.context)
    assert await world.engine.transcript(LOCAL, found.id) == ()
    assert await world.engine.history(LOCAL, found.id) == told


async def test_a_consent_that_ran_out_is_still_known_for_a_day(world: World) -> None:
    await world.begin(await world.draft())
    world.clock.advance(ENDED_KEPT_FOR)
    assert await tidy(world.engine.context) == 0
    world.clock.advance(timedelta(hours=1))
    assert await tidy(world.engine.context) == 1


async def test_it_is_done_at_the_start_and_every_few_hours_whatever_the_store_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def purge(**_spans: object) -> int:
        asked.append(object())
        raise StoreBusy("The database is busy.")

    monkeypatch.setattr(world.engine.context.store, "purge", purge)
    async with anyio.create_task_group() as meanwhile:
        meanwhile.start_soon(keep_tidy, world.engine.context)
        await world.clock.wait_for_sleepers()
        assert len(asked) == 1
        world.clock.advance(TIDIED_EVERY)
        await world.clock.wait_for_sleepers()
        assert len(asked) == 2
        meanwhile.cancel_scope.cancel()

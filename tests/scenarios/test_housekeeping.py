"""Runs of scenarios leave when they are old, and only once they have ended; so do their files."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.keeping.housekeeping import TIDIED_EVERY, tidy
from grantline.connections.keeping.quarantine import examine_copy
from grantline.connections.settings import RUNS_KEPT_FOR
from grantline.errors import StoreBusy
from grantline.scenarios.modules.files import Files
from grantline.scenarios.runs.leftovers import LEFT_FOR, keep_swept, sweep
from grantline.scenarios.runs.run import RunState
from grantline.scenarios.service import Scenarios
from grantline.store.records.runs import RunSeals
from tests.connections.world import World
from tests.run_records import a_scenario_run


def keep_run(world: World, state: str, ended_at: datetime | None = None) -> str:
    """The id of a run in this state."""
    run = a_scenario_run(
        id=f"srn_{state}",
        workspace="local",
        state=state,
        created_at=world.clock.now(),
        ended_at=ended_at,
    )
    seals = RunSeals(sealed_definition="", sealed_input="")
    world.engine.context.store.add_scenario_run(run, seals)
    return run.id


def leave(world: World, run_id: str, age: timedelta) -> tuple[Path, Path]:
    """The folder of a run, and a download of it that did not arrive, last written so long ago."""
    files = Files(world.settings.files, "local")
    folder = files.target("", "a.txt", run_id=run_id, step="1").parents[1]
    arriving = files.arriving(run_id, "1")
    arriving.write_bytes(b"1")
    at = (world.clock.now() - age).timestamp()
    for each in (folder, arriving):
        os.utime(each, (at, at))
    return folder, arriving


async def test_runs_leave_with_time_and_those_that_wait_stay(
    scenarios: Scenarios, world: World
) -> None:
    context = world.engine.context
    keep_run(world, "succeeded", world.clock.now())
    keep_run(world, "parked")
    world.clock.advance(RUNS_KEPT_FOR)
    assert await tidy(context) == 0
    assert await tidy(context, keep_runs=RUNS_KEPT_FOR - timedelta(days=1)) == 1
    (left,) = (await scenarios.runs.page(LOCAL)).rows
    assert left.state is RunState.PARKED


async def test_a_run_that_is_deleted_takes_its_files_along(
    scenarios: Scenarios, world: World
) -> None:
    run_id = keep_run(world, "failed", world.clock.now())
    left = leave(world, run_id, timedelta())
    await scenarios.runs.delete(LOCAL, run_id)
    assert [each.exists() for each in left] == [False, False]


async def test_what_killed_runs_left_is_removed_after_a_day_and_nothing_of_those_that_go_on(
    world: World,
) -> None:
    old = LEFT_FOR + timedelta(seconds=1)
    gone = leave(world, "srn_gone", old)
    ended = leave(world, keep_run(world, "failed", world.clock.now()), old)
    waiting = leave(world, keep_run(world, "parked"), old * 30)
    fresh = leave(world, "srn_fresh", LEFT_FOR)
    odd = gone[0].with_name(".odd")
    odd.mkdir()
    os.utime(odd, (0, 0))
    kept = Files(world.settings.files, "local").target("reports", "a", run_id="srn_gone", step="1")
    os.utime(kept.parent, (0, 0))
    await sweep(world.engine.context, world.settings.files)
    assert not any(each.exists() for each in (*gone, *ended))
    assert all(each.exists() for each in (*waiting, *fresh, odd, kept.parent))


async def test_a_copy_removes_no_files_of_its_original(world: World) -> None:
    context = world.engine.context
    left = leave(world, "srn_of_the_original", LEFT_FOR * 2)
    context.store.settle("elsewhere", "the original")
    context.quarantine = examine_copy(context.store, "")
    assert await sweep(context, world.settings.files) == 0
    assert all(each.exists() for each in left)


async def test_it_is_swept_every_few_hours_whatever_the_store_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = leave(world, "srn_gone", LEFT_FOR * 2)

    def busy(_run_ids: object) -> set[str]:
        raise StoreBusy("The database is busy.")

    async with anyio.create_task_group() as meanwhile:
        with monkeypatch.context() as patched:
            patched.setattr(world.engine.context.store, "unended_runs", busy)
            meanwhile.start_soon(keep_swept, world.engine.context, world.settings.files)
            await world.clock.wait_for_sleepers()
        assert all(each.exists() for each in left)
        world.clock.advance(TIDIED_EVERY)
        await world.clock.wait_for_sleepers()
        assert not any(each.exists() for each in left)
        meanwhile.cancel_scope.cancel()

"""One writer for all runs of a process: what cannot be written holds up nobody else."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

from grantline.errors import ConfigurationError
from grantline.scenarios.runs.journal import Journal
from grantline.store.records.runs import Advanced
from tests.connections.world import World
from tests.run_records import SEALS, a_scenario_run, a_step, an_advance, written


async def test_a_row_that_is_refused_for_good_holds_up_no_other_run(world: World) -> None:
    context = world.engine.context
    now = context.clock.now()
    for name in ("srn_1", "srn_2"):
        run = a_scenario_run(id=name, scenario_id=None, created_at=now)
        context.store.add_scenario_run(run, SEALS)
    context.store.claim_scenario_runs("w1", now + timedelta(hours=1), 9)
    journal = Journal(context)
    refused = an_advance(written(replace(a_step(), run_id="srn_0")))
    fine = an_advance(written(a_step(id="stp_2", run_id="srn_2")), run_id="srn_2")
    async with asyncio.timeout(30):
        first, second = await asyncio.gather(
            journal.write(refused), journal.write(fine), return_exceptions=True
        )
        assert await journal.settle(timedelta(seconds=30))
    assert isinstance(first, ConfigurationError)
    assert second == Advanced(is_written=True)


async def test_a_process_ends_also_while_its_database_takes_nothing(world: World) -> None:
    context = world.engine.context
    context.store.add_scenario_run(a_scenario_run(scenario_id=None), SEALS)
    journal = Journal(context)
    with closing(sqlite3.connect(world.settings.data_dir / "grantline.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(journal.write(an_advance()))
        await asyncio.sleep(0)
        assert not await journal.settle(timedelta())
        async with asyncio.timeout(30):
            await journal.aclose(timedelta())
        assert await journal.settle(timedelta())
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)

"""What DBOS is given leaves it again."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from grantline.scenarios.runs.durable import Durable
from tests.connections.world import World


def workflows(world: World) -> set[str]:
    with closing(sqlite3.connect(world.settings.data_dir / "runs.db")) as beside:
        return {name for (name,) in beside.execute("SELECT workflow_uuid FROM workflow_status")}


async def test_what_a_process_left_is_dropped_also_by_one_that_opens_its_dbos_later(
    world: World,
) -> None:
    before = Durable(world.settings, "host:1:a")
    assert await before.open()
    await before.close()
    left = Durable.workflow_id("srn_1", 1, "host:1:a")
    with closing(sqlite3.connect(world.settings.data_dir / "runs.db")) as beside:
        beside.execute(
            "INSERT INTO workflow_status (workflow_uuid, status, name) "
            "VALUES (?, 'PENDING', 'grantline.leg')",
            (left,),
        )
        beside.commit()
    after = Durable(world.settings, "host:2:b")
    after.forget([left])
    assert await after.open()
    assert workflows(world) == {left}
    await after.close()
    assert workflows(world) == set()

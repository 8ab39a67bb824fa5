"""A process that is killed between noting a change and telling it."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grantline.connections.engine import LOCAL
from grantline.connections.settings import Settings
from grantline.scenarios.notices.notices import Notices
from grantline.scenarios.notices.recipients import RecipientsEdit
from grantline.store.records.connections import Health
from grantline.testing.clock import FakeClock
from tests.connections.world import World, a_world, environment
from tests.processes import notices_child
from tests.processes.forking import Child
from tests.recorder import Arrived, answer, ended, recorder

pytestmark = pytest.mark.processes

DEAD = Health(state="reauthorization_required", cause="grant_dead")


async def kill_connection(world: World, url: str) -> Notices:
    """A connection that wants its person, and a webhook that is told."""
    connection = await world.authorized()
    context = world.engine.context
    generation = context.store.load_connection(LOCAL.workspace, connection.id).generation
    event = context.event(LOCAL, "test", connection.id)
    assert context.store.save_health(connection.id, generation, DEAD, event)
    notices = Notices(context, Settings.from_environment(environment(world.folder)))
    await notices.edit(LOCAL, RecipientsEdit(webhook_url=url))
    return notices


@pytest.mark.parametrize("moment", ["noted", "sending"])
async def test_what_a_killed_process_did_not_tell_the_next_one_tells(
    tmp_path: Path, moment: str
) -> None:
    clock = FakeClock(datetime.now(UTC))
    is_first = True
    arrived, hold = asyncio.Event(), asyncio.Event()

    async def play(_request: Arrived, writer: asyncio.StreamWriter) -> None:
        nonlocal is_first
        if is_first and moment == "sending":
            is_first = False
            arrived.set()
            await hold.wait()
            await ended(writer)
            return
        writer.write(answer(204, b""))

    async with recorder(play) as hooks, a_world(tmp_path, clock=clock) as world:
        notices = await kill_connection(world, hooks.url())
        orders = {"environment": environment(tmp_path), "moment": moment}
        child = Child.start(notices_child.main, orders)
        if moment == "sending":
            await asyncio.wait_for(arrived.wait(), 30)
            child.signal(signal.SIGKILL)
        assert await asyncio.to_thread(child.end) == -signal.SIGKILL
        hold.set()

        assert await notices.telling.look() == 0, "it was noted, and is not noted again"
        clock.advance(timedelta(minutes=3))
        assert await notices.telling.send_due() == 1
        assert await notices.telling.send_due() == 0

    numbers = [each.header("webhook-id") for each in hooks.arrived]
    assert len(numbers) == (2 if moment == "sending" else 1)
    assert len(set(numbers)) == 1

"""Schedules on a real engine, a real database and a real DBOS, by a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dbos import DBOS

from grantline.connections.engine import LOCAL
from grantline.scenarios.definition.modules import Module, SetVariables
from grantline.scenarios.definition.scenario import Input, Scenario
from grantline.scenarios.definition.triggers import MANUAL, Schedule
from grantline.scenarios.kept import KeptScenario
from grantline.scenarios.runs.durable import Durable
from grantline.scenarios.runs.run import Cause
from grantline.scenarios.service import Scenarios
from grantline.scenarios.triggers.firing import Firing
from grantline.testing.clock import FakeClock
from tests.connections.world import World

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAILY = Schedule(cron="0 6 * * *", time_zone="Europe/Amsterdam")
SIX = datetime(2026, 1, 1, 5, tzinfo=UTC)  # in Amsterdam, on the day on which the clock stands


@dataclass
class Clockwork:
    """Scenarios, and the firing of a process that serves."""

    scenarios: Scenarios
    clock: FakeClock
    durable: Durable
    firing: Firing

    async def scheduled(
        self, schedule: Schedule = DAILY, *, on: bool = True, name: str = "Nightly", **more: Any
    ) -> KeptScenario:
        does = SetVariables(variables=(("at", "{{ trigger.scheduled_at }}"),))
        modules = (Module(id=1, does=does),)
        given = Scenario(name=name, trigger=schedule, modules=modules, **more)
        kept = await self.scenarios.create(LOCAL, given)
        return await self.scenarios.set_active(LOCAL, kept.id, on)

    async def started(self) -> list[str]:
        """For which instants runs were started, newest first."""
        page = await self.scenarios.runs.page(LOCAL)
        details = [await self.scenarios.runs.detail(LOCAL, each.id) for each in page.rows]
        assert all(each.run.cause is Cause.SCHEDULE for each in details)
        return [each.trigger["scheduled_at"] for each in details]

    async def in_dbos(self) -> dict[str, tuple[str, str | None]]:
        found = await asyncio.to_thread(DBOS.list_schedules)
        return {e["schedule_name"]: (e["schedule"], e.get("cron_timezone")) for e in found}


@pytest.fixture
async def clockwork(
    world: World, scenarios: Scenarios, clock: FakeClock
) -> AsyncIterator[Clockwork]:
    durable = Durable(world.settings, "test:1")
    firing = Firing(world.engine.context, scenarios.runs, durable)
    yield Clockwork(scenarios, clock, durable, firing)
    await firing.aclose()
    await durable.close()


async def test_dbos_fires_for_the_scenarios_that_are_on(clockwork: Clockwork) -> None:
    kept = await clockwork.scheduled()
    other = await clockwork.scheduled(Schedule(cron="@hourly"), name="Hourly")
    await clockwork.scheduled(name="Off", on=False)
    await clockwork.firing.keep_in_step()
    assert await clockwork.in_dbos() == {
        kept.id: ("0 6 * * *", "Europe/Amsterdam"),
        other.id: ("0 * * * *", "UTC"),
    }

    later = replace(kept.scenario, trigger=Schedule(cron="30 7 * * 1-5", time_zone="UTC"))
    await clockwork.scenarios.edit(LOCAL, kept.id, later)
    await clockwork.scenarios.set_active(LOCAL, other.id, is_active=False)
    await clockwork.firing.keep_in_step()
    assert await clockwork.in_dbos() == {kept.id: ("30 7 * * 1-5", "UTC")}

    await clockwork.scenarios.delete(LOCAL, kept.id)
    await clockwork.firing.keep_in_step()
    assert await clockwork.in_dbos() == {}


async def test_what_dbos_fires_starts_a_run_for_its_instant(clockwork: Clockwork) -> None:
    kept = await clockwork.scheduled()
    await clockwork.firing.keep_in_step()
    fired = asyncio.Event()

    async def on_fire(name: str, due_at: datetime) -> None:
        await clockwork.firing.fire(name, due_at)
        fired.set()

    clockwork.durable.on_fire = on_fire
    # DBOS' own clock is the machine's: it is made to fire for an instant of ours.
    await asyncio.to_thread(DBOS.backfill_schedule, kept.id, SIX - MINUTE, SIX + MINUTE)
    await asyncio.wait_for(fired.wait(), 30)

    assert await clockwork.started() == ["2026-01-01T05:00:00Z"]
    (run,) = (await clockwork.scenarios.runs.page(LOCAL)).rows
    assert run.scenario_id == kept.id


async def test_one_run_for_an_instant_whoever_fires(clockwork: Clockwork) -> None:
    kept = await clockwork.scheduled()
    await asyncio.gather(*(clockwork.firing.fire(kept.id, SIX) for _ in range(5)))
    await clockwork.firing.fire(kept.id, SIX)
    await clockwork.firing.fire(kept.id, SIX + DAY)

    assert await clockwork.started() == ["2026-01-02T05:00:00Z", "2026-01-01T05:00:00Z"]


async def test_what_is_not_on_or_due_at_other_times_by_now_is_left_alone(
    clockwork: Clockwork,
) -> None:
    kept = await clockwork.scheduled()
    off = await clockwork.scheduled(name="Off", on=False)
    manual = await clockwork.scheduled(name="Manual")
    by_hand = replace(manual.scenario, trigger=MANUAL)
    await clockwork.scenarios.edit(LOCAL, manual.id, by_hand)
    for scenario_id, due_at in (
        (off.id, SIX),
        (manual.id, SIX),
        ("scn_gone", SIX),
        (kept.id, SIX + HOUR),
        (kept.id, SIX + timedelta(seconds=1)),
    ):
        await clockwork.firing.fire(scenario_id, due_at)

    assert await clockwork.started() == []


async def test_an_hour_that_comes_twice_fires_once_where_the_hour_is_named(
    clockwork: Clockwork,
) -> None:
    named = await clockwork.scheduled(replace(DAILY, cron="30 2 * * *"))
    rhythm = await clockwork.scheduled(replace(DAILY, cron="*/30 * * * *"), name="Rhythm")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for kept in (named, rhythm):
        await clockwork.firing.fire(kept.id, first)
        await clockwork.firing.fire(kept.id, first + HOUR)

    pages = [
        await clockwork.scenarios.runs.page(LOCAL, scenario_id=kept.id) for kept in (named, rhythm)
    ]
    assert [each.total for each in pages] == [1, 2]


async def test_what_was_missed_is_made_up_for_once(clockwork: Clockwork) -> None:
    await clockwork.scheduled(Schedule(cron="0 * * * *"))
    await clockwork.firing.keep_in_step()
    assert await clockwork.started() == []
    # Nothing runs for five hours and a half.
    clockwork.clock.advance(5 * HOUR + 30 * MINUTE)
    for _ in range(3):
        await clockwork.firing.keep_in_step()

    assert await clockwork.started() == ["2026-01-01T05:00:00Z"]


async def test_a_process_that_starts_makes_up_for_what_the_last_one_missed(
    clockwork: Clockwork,
) -> None:
    await clockwork.scheduled()
    clockwork.clock.advance(6 * HOUR)
    await clockwork.firing.keep_in_step()
    assert await clockwork.started() == ["2026-01-01T05:00:00Z"]
    another = Firing(
        clockwork.scenarios.engine.context, clockwork.scenarios.runs, clockwork.durable
    )
    await another.keep_in_step()

    assert await clockwork.started() == ["2026-01-01T05:00:00Z"]


async def test_what_is_due_just_now_is_left_to_dbos_for_a_minute(clockwork: Clockwork) -> None:
    kept = await clockwork.scheduled()
    clockwork.clock.set(SIX + timedelta(seconds=59))
    await clockwork.firing.keep_in_step()
    assert await clockwork.started() == []
    await clockwork.firing.fire(kept.id, SIX)
    clockwork.clock.advance(MINUTE)
    await clockwork.firing.keep_in_step()

    assert await clockwork.started() == ["2026-01-01T05:00:00Z"]


@pytest.mark.parametrize("change", ["switch", "edit", "old"])
async def test_what_was_not_to_run_at_the_time_is_not_made_up_for(
    clockwork: Clockwork, change: str
) -> None:
    kept = await clockwork.scheduled(on=change != "switch")
    clockwork.clock.set(SIX + 5 * MINUTE)
    if change == "switch":
        await clockwork.scenarios.set_active(LOCAL, kept.id, is_active=True)
    elif change == "edit":
        await clockwork.scenarios.edit(LOCAL, kept.id, replace(kept.scenario, note="new"))
    else:
        clockwork.clock.advance(DAY - 10 * MINUTE)
        weekly = replace(kept.scenario, trigger=Schedule(cron="0 5 1 1 *"))
        await clockwork.scenarios.edit(LOCAL, kept.id, weekly)
    clockwork.clock.advance(2 * MINUTE)
    await clockwork.firing.keep_in_step()

    assert await clockwork.started() == []


async def test_what_cannot_be_started_is_noted(clockwork: Clockwork) -> None:
    kept = await clockwork.scheduled()
    inputs = (Input(name="day", is_required=True),)
    scenario = replace(kept.scenario, inputs=inputs)
    await clockwork.scenarios.edit(LOCAL, kept.id, scenario)
    await clockwork.firing.fire(kept.id, SIX)

    events = clockwork.scenarios.engine.context.store.list_events(LOCAL.workspace, kept.id)
    assert events[0].kind == "scenario.not_started"
    assert "day" in events[0].data["message"]


async def test_a_serving_process_follows_by_itself(clockwork: Clockwork) -> None:
    clockwork.firing.start()
    await clockwork.clock.wait_for_sleepers()
    kept = await clockwork.scheduled()
    clockwork.clock.set(SIX + 2 * MINUTE)
    await clockwork.clock.wait_for_sleepers()
    await clockwork.firing.aclose()

    assert await clockwork.in_dbos() == {kept.id: ("0 6 * * *", "Europe/Amsterdam")}
    assert await clockwork.started() == ["2026-01-01T05:00:00Z"]

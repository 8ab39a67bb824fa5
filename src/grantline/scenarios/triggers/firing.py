"""Schedules: kept in step with the scenarios that are on, and a run for each instant.

DBOS fires, in every process that serves; a run is started once for an instant, whoever fires and
however often. What was missed, because nothing ran at the time or the firing was lost with a
process, is made up for once, by a run for the latest instant, when it is not older than a day.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.errors import GrantlineError, NotFound, Quarantined, places_of
from grantline.scenarios.definition.triggers import Schedule
from grantline.scenarios.kept import opened
from grantline.scenarios.runs.durable import Durable, Rhythm
from grantline.scenarios.runs.run import Cause
from grantline.scenarios.runs.runs import ScenarioRuns
from grantline.scenarios.triggers.schedule import is_due, next_times, plain_cron
from grantline.store.records.scenarios import ListedScenario

LOG: Final = logging.getLogger("grantline.scenarios.schedules")
NAME: Final = "schedules"
TICK: Final = timedelta(seconds=5)
# Later than that, whoever should have fired has not: DBOS spreads firings over ten seconds.
LATE: Final = timedelta(minutes=1)
MADE_UP_FOR: Final = timedelta(days=1)


class Firing:
    """The schedules of one process that serves. ``start`` begins, ``aclose`` ends it."""

    def __init__(self, context: Context, runs: ScenarioRuns, durable: Durable) -> None:
        self._context = context
        self._runs = runs
        self._durable = durable
        self._kept: dict[str, Rhythm] = {}
        # The first instant for which each schedule is not known to have been kept, by scenario and
        # version: until it has come, nothing is worked out.
        self._due: dict[tuple[str, int], datetime] = {}
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to keep schedules."""
        self._durable.on_fire = self.fire
        self._running = asyncio.get_running_loop().create_task(self._run(), name=NAME)

    async def aclose(self) -> None:
        """Ends it; other processes go on."""
        self._durable.on_fire = None
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            self._running = None

    async def keep_in_step(self) -> None:
        """Has DBOS fire for the scenarios that are on now, and makes up for what was missed."""
        context = self._context
        if await context.quarantined() is not None:
            return
        scheduled = await context.stored(context.store.list_scheduled)
        rhythms = {}
        for each in scheduled:
            with suppress(GrantlineError):  # one that cannot be kept to was never switched on
                rhythms[each.id] = Rhythm(plain_cron(_schedule(each)), each.time_zone)
        if rhythms != self._kept:
            await self._durable.keep_schedules(rhythms)
            self._kept = rhythms
        for each in scheduled:
            if each.id in rhythms:
                await self._make_up(each)
        known = {(each.id, each.version) for each in scheduled}
        self._due = {key: due_at for key, due_at in self._due.items() if key in known}

    async def fire(self, scenario_id: str, due_at: datetime) -> None:
        """Starts the run of a scenario for the instant ``due_at``, unless it was started.

        What is not on any more, or is due at other times by now, is left alone.
        """
        context = self._context
        found = await context.stored(context.store.find_scheduled, scenario_id)
        if found is None:
            return
        schedule = _schedule(found)
        just_before = due_at - timedelta(seconds=1)
        if is_due(schedule, due_at) and next_times(schedule, just_before, 1) == (due_at,):
            await self._start(found, due_at)

    async def _make_up(self, listed: ListedScenario) -> None:
        now, key, schedule = (
            self._context.clock.now(),
            (listed.id, listed.version),
            _schedule(listed),
        )
        if key not in self._due:
            since = max(await self._on_since(listed), now - MADE_UP_FOR)
            (self._due[key],) = await self._context.stored(next_times, schedule, since, 1)
        if now - LATE < self._due[key]:
            return
        missed, following = await self._context.stored(
            _latest, schedule, self._due[key], now - LATE
        )
        await self._start(listed, missed)
        self._due[key] = following

    async def _on_since(self, listed: ListedScenario) -> datetime:
        """Since when the schedule is what it is, and on."""
        context = self._context
        events = await context.stored(context.store.list_events, listed.workspace, listed.id)
        switched = (each.at for each in events if each.kind == "scenario.activated")
        return max(listed.updated_at, next(switched, listed.updated_at))

    async def _start(self, listed: ListedScenario, due_at: datetime) -> None:
        context = self._context
        actor = Actor(listed.workspace, listed.owner)
        once = f"instant {due_at.isoformat()}"
        found = await context.stored(
            context.store.find_run_started_once, listed.workspace, listed.id, once
        )
        if found is not None:
            return
        try:
            record = await context.stored(context.store.load_scenario, listed.workspace, listed.id)
            # What is wrong with it by now shows in the run, where people look.
            await self._runs.start_run(
                actor,
                opened(context.vault, record).scenario,
                scenario_id=listed.id,
                trigger={"scheduled_at": due_at.isoformat().replace("+00:00", "Z")},
                cause=Cause.SCHEDULE,
                once=once,
            )
        except (NotFound, Quarantined):
            return
        except GrantlineError as error:
            LOG.warning("A schedule started no run: %s", error.message)
            data = {"code": error.code, "message": error.message, "hint": error.hint}
            event = context.event(actor, "scenario.not_started", listed.id, data)
            await context.stored(context.store.add_event, event)

    async def _run(self) -> None:
        while True:
            try:
                await self.keep_in_step()
            except GrantlineError as error:
                LOG.warning("Schedules are not looked at just now: %s", error.message)
            except Exception as error:  # noqa: BLE001 - whatever it was, it is looked at again
                LOG.error("Schedules failed: %s", places_of(error))  # noqa: TRY400 - it says where
            await self._context.clock.sleep(TICK)


def _schedule(listed: ListedScenario) -> Schedule:
    return Schedule(cron=listed.cron, time_zone=listed.time_zone)


def _latest(schedule: Schedule, first: datetime, until: datetime) -> tuple[datetime, datetime]:
    """The latest instant of ``schedule`` from ``first`` on, up to ``until``; and the one after."""
    latest = first
    while (following := next_times(schedule, latest, 1)[0]) <= until:
        latest = following
    return latest, following

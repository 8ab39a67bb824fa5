"""Renewing ahead of time: so that callers rarely wait, and refresh tokens do not die of idleness.

Every process that serves runs one of these, and they share the work: what is due is claimed in
the store, a handful at a time, and comes back by itself when its claimant dies. Then it is renewed
as always, under its lease. Some take longer than others, so there is a bound for each host and one
for all; and after a start what is overdue is spread over ten minutes.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.renewal.refresh import Refresher
from grantline.connections.renewal.unsaved import REFUSALS, Unsaved
from grantline.errors import AppNotFound, places_of
from grantline.store.records.renewal import Due

LOG: Final = logging.getLogger("grantline.refresh")
NAME: Final = "background"

TICK: Final = timedelta(seconds=5)
SPREAD: Final = timedelta(minutes=10)
CLAIM: Final = timedelta(minutes=2)
AT_ONCE: Final = 32
PER_HOST: Final = 8
# Of a backlog: what is beyond it has to wait for a free place in any case.
ENOUGH: Final = AT_ONCE * (SPREAD // TICK)
FINISH_EVERY: Final = timedelta(minutes=1)


class Background:
    """The background refresher of one process."""

    def __init__(self, context: Context, refresher: Refresher, unsaved: Unsaved) -> None:
        self._context = context
        self._refresher = refresher
        self._unsaved = unsaved
        self._running: asyncio.Task[None] | None = None
        self._freed = asyncio.Event()
        self._hosts: dict[str, str] = {}
        self._active: Counter[str] = Counter()

    def start(self) -> None:
        """Begins; ``stop`` ends it."""
        self._running = asyncio.get_running_loop().create_task(self._run(), name=NAME)

    async def stop(self) -> None:
        """Ends it at once. A renewal in flight goes on: ``Refresher.settle`` waits for it."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            self._running = None

    @property
    def under_way(self) -> int:
        """How many renewals have been begun here and are not over."""
        return self._active.total()

    async def finish_begun(self) -> None:
        """Finishes what processes that are gone have begun, and saves what they could not."""
        context = self._context
        if await context.quarantined() is not None:
            return
        replayed = await self._unsaved.replay()
        begun = await context.stored(context.store.open_attempts)
        found = [(each.workspace, each.connection_id) for each in replayed]
        found += [(each.workspace, each.connection_id) for each in begun]
        for workspace, connection_id in dict.fromkeys(found):
            try:
                await self._refresher.finish(_actor(workspace), connection_id)
            except Exception as error:  # noqa: BLE001 - one connection must not stop the others
                LOG.error("%s is not finished: %s", connection_id, places_of(error))  # noqa: TRY400

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_finishing(), name=f"{NAME}: finish what was begun")
            await self._keep_renewing(tasks)

    async def _keep_finishing(self) -> None:
        while True:
            try:
                await self.finish_begun()
            except REFUSALS as error:
                LOG.warning("What others have begun is not finished just now: %s", error.message)
            await self._context.clock.sleep(FINISH_EVERY)
            # Apps may have been edited meanwhile.
            self._hosts.clear()

    async def _keep_renewing(self, tasks: asyncio.TaskGroup) -> None:
        clock = self._context.clock
        spread_until = clock.elapsed() + SPREAD
        while True:
            self._freed.clear()
            try:
                more = await self._claim(tasks, left=spread_until - clock.elapsed())
            except REFUSALS as error:
                LOG.warning("Nothing is renewed ahead of time just now: %s", error.message)
                more = False
            if more:
                await self._freed.wait()
            else:
                await clock.sleep(TICK)

    async def _claim(self, tasks: asyncio.TaskGroup, *, left: timedelta) -> bool:
        """Starts what is due, as much as there is room for; says whether more is to be expected.

        Args:
            tasks: Where the renewals run.
            left: Of the time over which the backlog of a start is spread.
        """
        context, store = self._context, self._context.store
        if await context.quarantined() is not None:
            return False
        limit = AT_ONCE - self._active.total()
        if left > TICK:
            backlog = await context.stored(store.count_due, ENOUGH)
            limit = min(limit, math.ceil(backlog * (TICK / left)))
        if limit <= 0:
            return left <= TICK
        busy = [app_id for app_id, host in self._hosts.items() if self._is_busy(host)]
        claimed = await context.stored(store.claim_due, limit, CLAIM, but=busy)
        for due in claimed:
            host = await self._host(due)
            # What is too much for a host now comes back when its claim is over.
            if not self._is_busy(host):
                self._active[host] += 1
                tasks.create_task(self._renew(due, host), name=f"{NAME} {due.id}")
        return len(claimed) == limit and left <= TICK

    def _is_busy(self, host: str) -> bool:
        elapsed = self._context.clock.elapsed()
        is_resting = self._refresher.breaker.is_resting(host, elapsed)
        return is_resting or self._active[host] >= PER_HOST

    async def _host(self, due: Due) -> str:
        if due.app_id not in self._hosts:
            host = ""
            with suppress(AppNotFound):
                app = await self._context.stored(
                    self._context.store.load_app, due.workspace, due.app_id
                )
                uri = app.settings.get("refresh_uri") or app.settings.get("token_uri")
                host = urlsplit(str(uri)).netloc
            self._hosts[due.app_id] = host
        return self._hosts[due.app_id]

    async def _renew(self, due: Due, host: str) -> None:
        try:
            await self._refresher.renew_ahead(_actor(due.workspace), due.id, due.generation)
        except Exception as error:  # noqa: BLE001 - one connection must not stop the others
            # What a server does is noted and not here. Not LOG.exception: as for all faults.
            LOG.error("Renewing %s ahead of time failed: %s", due.id, places_of(error))  # noqa: TRY400
        finally:
            self._active[host] -= 1
            self._freed.set()


def _actor(workspace: str) -> Actor:
    return Actor(user=NAME, workspace=workspace)

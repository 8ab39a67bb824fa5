"""Using a connection that only so many may use at the same time, on all machines together.

A seat is a row that ends by the database's clock unless it is kept. Whoever waits has a place in
the line, so nobody is passed by; and what a process held that is gone, on this machine, is free at
once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.renewal.leasing import Leasing
from grantline.errors import (
    ConfigurationError,
    ConnectionNotFound,
    StoreBusy,
    TemporarilyUnavailable,
)
from grantline.store.protocol.seats import SeatClaim

SEAT_SPAN: Final = timedelta(minutes=1)
KEPT_EVERY: Final = timedelta(seconds=20)
WAIT_AT_MOST: Final = timedelta(minutes=15)
FIRST_POLL: Final = timedelta(milliseconds=50)
LONGEST_POLL: Final = timedelta(seconds=2)
NO_TIME: Final = timedelta(0)


class Seats:
    """The seats of one process."""

    def __init__(self, context: Context, leasing: Leasing) -> None:
        self._context = context
        self._leasing = leasing
        self._freed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    @asynccontextmanager
    async def taken(
        self, actor: Actor, connection_id: str | None, *, within: timedelta = WAIT_AT_MOST
    ) -> AsyncIterator[timedelta]:
        """A seat for the length of the block, which is given how long it was waited for.

        Without a connection, or one without a limit, there is nothing to wait for.

        Args:
            actor: Who asks.
            connection_id: What is to be used.
            within: How long to wait at most.

        Raises:
            ConnectionNotFound: It was deleted.
            TemporarilyUnavailable: Nobody got up within that time.
        """
        if connection_id is None or not await self._at_once(actor, connection_id):
            yield NO_TIME
            return
        claim = SeatClaim(
            id=self._context.new_id("seat"),
            workspace=actor.workspace,
            connection_id=connection_id,
            owner=self._leasing.owner,
        )
        began = self._context.clock.elapsed()
        keeping: asyncio.Task[None] | None = None
        try:
            await self._leasing.announce()
            await self._sit_down(claim, within)
            keeping = asyncio.get_running_loop().create_task(self._keep(claim))
            yield self._context.clock.elapsed() - began
        finally:
            if keeping is not None:
                keeping.cancel()
                await asyncio.wait([keeping])
            await self._leave(claim)

    async def _at_once(self, actor: Actor, connection_id: str) -> int:
        holding = self._context.holdings.get(connection_id)
        now = self._context.clock.now()
        if (
            holding is None
            or holding.record.workspace != actor.workspace
            or holding.trusted_until <= now
        ):
            holding = await self._context.hold(actor, connection_id)
        return holding.record.at_once

    async def _sit_down(self, claim: SeatClaim, within: timedelta) -> None:
        context, poll = self._context, FIRST_POLL
        until = context.clock.elapsed() + within
        gone: frozenset[str] = frozenset()
        freed = self._freed[claim.connection_id]
        while True:
            freed.clear()
            answer = await context.stored(context.store.claim_seat, claim, SEAT_SPAN, gone=gone)
            if answer.is_taken:
                return
            found = frozenset(filter(self._leasing.is_free, answer.others))
            if found - gone:
                gone |= found
                continue
            left = until - context.clock.elapsed()
            if left <= NO_TIME:
                raise TemporarilyUnavailable(
                    "The connection was in use by as many modules as it allows for all of "
                    f"{within.total_seconds() / 60:.0f} minutes.",
                    retry_after=LONGEST_POLL,
                    hint="Let more modules use it at the same time, or fewer scenarios.",
                )
            await self._pause(freed, min(poll, left))
            poll = min(2 * poll, LONGEST_POLL)

    async def _pause(self, freed: asyncio.Event, span: timedelta) -> None:
        """Until somebody of this process got up, or ``span`` has passed."""
        loop = asyncio.get_running_loop()
        waits = [
            loop.create_task(self._context.clock.sleep(span)),
            loop.create_task(freed.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _keep(self, claim: SeatClaim) -> None:
        """Keeps the seat until it is cancelled. One that had ended all the same is taken again."""
        context = self._context
        while True:
            await context.clock.sleep(KEPT_EVERY)
            with suppress(StoreBusy, ConfigurationError, ConnectionNotFound):
                if not await context.stored(context.store.keep_seat, claim.id, SEAT_SPAN):
                    await context.stored(context.store.claim_seat, claim, SEAT_SPAN)

    async def _leave(self, claim: SeatClaim) -> None:
        # What cannot be left now ends by itself.
        with suppress(StoreBusy, ConfigurationError):
            await self._context.stored(self._context.store.leave_seat, claim.id)
        self._freed[claim.connection_id].set()

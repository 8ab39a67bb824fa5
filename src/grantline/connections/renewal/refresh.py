"""Renewing tokens: one flight per process, one lease per connection, and no token lost.

What happens, in order, inside the lease:

1. The lease is granted only for the generation that was read: nobody renewed it meanwhile.
2. The intent is committed (``refresh_attempt``) before the first byte is sent.
3. The answer is sealed and saved before anyone judges it.
4. The tokens are saved while the generation is still the one refreshed (compare and swap); the
   same transaction closes the attempt and ends the lease.

A process that dies between 2 and 3 leaves an open attempt: the next holder of the lease tries the
same refresh token at once, because a server with a grace window gives a new pair for it, and one
without has lost it anyway. A process that dies between 3 and 4 leaves the answer, which the next
holder of the lease reads instead of asking again.

Nobody ever refreshes without the lease. Whoever was stopped for so long that his lease may be over
sends nothing and overwrites nothing; he looks again at what the others have done.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.masking import masking
from grantline.connections.renewal.breaker import Breaker
from grantline.connections.renewal.holding import Holding, not_authorized
from grantline.connections.renewal.leasing import Leasing
from grantline.connections.renewal.rotation import Rotation
from grantline.connections.renewal.schedule import LEASE_WAIT, SENDING_SHARE
from grantline.connections.renewal.unsaved import REFUSALS, Unsaved
from grantline.connections.renewal.waiting import Waiting
from grantline.connections.state import State
from grantline.errors import (
    ConfigurationError,
    GrantlineError,
    ReauthorizationRequired,
    RefreshInProgress,
    TemporarilyUnavailable,
)
from grantline.secret import Secret
from grantline.store.records.renewal import Lease

AT_ONCE: Final = timedelta(0)
# A holder that ends without giving its lease back changes nothing that could be waited for.
LOOK_AGAIN: Final = timedelta(milliseconds=500)


class Refresher:
    """Renews the tokens of connections for everybody in this process."""

    def __init__(
        self, context: Context, leasing: Leasing, unsaved: Unsaved, waiting: Waiting
    ) -> None:
        """A refresher of one process.

        Args:
            context: Store, transport, clock.
            leasing: Gets the leases.
            unsaved: Takes what the database refuses.
            waiting: Tells when another process has changed something.
        """
        self._context = context
        self._leasing = leasing
        self._unsaved = unsaved
        self._waiting = waiting
        self.breaker = Breaker()
        self._flights: dict[tuple[str, str], asyncio.Task[Holding]] = {}

    async def renew(
        self,
        actor: Actor,
        connection_id: str,
        *,
        min_ttl: timedelta = AT_ONCE,
        rejected: Secret | None = None,
        insist: bool = False,
    ) -> Holding:
        """A holding whose token can be used now.

        Whoever asks while a renewal of the connection is in flight waits for that one, and a
        caller that goes away does not end it.

        Args:
            actor: Who asks.
            connection_id: The connection.
            min_ttl: The token must live at least this much longer.
            rejected: A token that will not do: the service refused it.
            insist: A person asked, so do not wait for the back-off to pass.

        Raises:
            ConnectionNotFound: It was deleted, or never was the actor's.
            NotAuthorized: Nobody has consented yet.
            ReauthorizationRequired: The grant is dead, or ended and cannot be renewed.
            Quarantined: This database may be a copy, whose original needs the refresh token.
            RefreshInProgress: Another process has been renewing it for too long.
            TemporarilyUnavailable: The authorization server cannot answer now.
            GrantlineError: The server refused in another way.
        """
        # By workspace too: a flight must not carry anybody past the check that `hold` makes.
        key = (actor.workspace, connection_id)
        flight = self._flights.get(key)
        if flight is not None:
            with suppress(*([TemporarilyUnavailable] if insist else [])):
                holding = await asyncio.shield(flight)
                now = self._context.clock.now()
                if holding.usable(now, min_ttl=min_ttl, rejected=rejected):
                    return holding
            # That flight was begun for a caller with lesser wishes; the next one is for ours.
        return await self._fly(
            key, lambda: self._renew(actor, connection_id, min_ttl, rejected, insist=insist)
        )

    async def finish(self, actor: Actor, connection_id: str) -> None:
        """Brings to its end what a process that is gone has begun.

        An answer that was kept is read, and what was sent without an answer is sent again at
        once: a server with a grace window then gives new tokens. What fails is noted as always;
        what is being renewed here is left to that.
        """
        key = (actor.workspace, connection_id)
        if key not in self._flights:
            with suppress(GrantlineError):
                await self._fly(key, lambda: self._finish(actor, connection_id))

    async def renew_ahead(self, actor: Actor, connection_id: str, generation: int) -> None:
        """Renews tokens whose turn has come, unless somebody has done so meanwhile.

        What fails is noted as always.
        """
        with suppress(GrantlineError):
            await self._fly(
                (actor.workspace, connection_id),
                lambda: self._renew_ahead(actor, connection_id, generation),
            )

    async def settle(self) -> None:
        """Waits until no renewal is in flight; their own deadlines bound the wait."""
        while self._flights:
            await asyncio.wait(list(self._flights.values()))

    async def _fly(
        self, key: tuple[str, str], begin: Callable[[], Coroutine[Any, Any, Holding]]
    ) -> Holding:
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(begin(), name=f"renew {key[1]}")
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    async def _renew(
        self,
        actor: Actor,
        connection_id: str,
        min_ttl: timedelta,
        rejected: Secret | None,
        *,
        insist: bool,
    ) -> Holding:
        clock = self._context.clock
        give_up_at = clock.elapsed() + LEASE_WAIT
        while True:
            holding = await self._hold(actor, connection_id)
            now = clock.now()
            if holding.usable(now, min_ttl=min_ttl, rejected=rejected):
                return holding
            alive = holding.alive(now + min_ttl, rejected=rejected)
            _check_renewable(holding, alive=alive)
            try:
                await self._check_may_ask(holding, now, insist=insist)
                lease = await self._leasing.acquire(holding.record)
            except (TemporarilyUnavailable, ConfigurationError):
                # Never without the lease; but a token that works needs none.
                if alive:
                    return holding
                raise
            if lease is not None:
                with masking(holding):
                    renewed = await self._rotation(actor, holding, lease).run(serve_old=alive)
                if renewed is not None:
                    return renewed
                continue
            if alive:
                return holding
            if clock.elapsed() >= give_up_at:
                raise RefreshInProgress(
                    f"Another process has been renewing “{holding.record.name}” for too long.",
                    retry_after=self._leasing.span,
                    hint="Try again in a minute.",
                )
            await self._waiting.change(holding.record, LOOK_AGAIN)

    async def _check_may_ask(self, holding: Holding, now: datetime, *, insist: bool) -> None:
        """Raises when the server is to be left alone: for a while, or by this copy of the store."""
        quarantine = await self._context.quarantined()
        if quarantine is not None:
            raise quarantine.refusal(holding.record.name)
        if not holding.renewable or (not insist and _backing_off(holding, now)):
            raise _later(holding, now)
        elapsed = self._context.clock.elapsed()
        rest = self.breaker.rest(holding.token_host, elapsed)
        if rest and not insist:
            raise _resting(holding, rest)

    async def _renew_ahead(self, actor: Actor, connection_id: str, generation: int) -> Holding:
        holding = await self._hold(actor, connection_id)
        if holding.record.generation != generation or not holding.is_held:
            return holding
        await self._check_may_ask(holding, self._context.clock.now(), insist=False)
        return await self._lease_and_run(actor, holding, only_finish=False)

    async def _finish(self, actor: Actor, connection_id: str) -> Holding:
        holding = await self._context.hold(actor, connection_id)
        return await self._lease_and_run(actor, holding, only_finish=True)

    async def _lease_and_run(self, actor: Actor, holding: Holding, *, only_finish: bool) -> Holding:
        lease = await self._leasing.acquire(holding.record)
        if lease is None:
            return holding
        rotation = self._rotation(actor, holding, lease)
        return await rotation.run(serve_old=True, only_finish=only_finish) or holding

    async def _hold(self, actor: Actor, connection_id: str) -> Holding:
        """The connection as the store has it, with newer tokens that it has not taken yet."""
        waiting = self._unsaved.held(connection_id)
        if waiting is None or waiting.record.workspace != actor.workspace:
            return await self._context.hold(actor, connection_id)
        try:
            holding = await self._context.hold(actor, connection_id)
        except REFUSALS:
            return waiting
        is_newer = waiting.record.generation > holding.record.generation
        return waiting if is_newer else holding

    def _rotation(self, actor: Actor, holding: Holding, lease: Lease) -> Rotation:
        clock = self._context.clock
        return Rotation(
            self._context,
            self._unsaved,
            self.breaker,
            actor=actor,
            holding=holding,
            lease=lease,
            send_until=clock.elapsed() + self._leasing.span * SENDING_SHARE,
        )


def _check_renewable(holding: Holding, *, alive: bool) -> None:
    record = holding.record
    state = State(record.health.state)
    if state is State.DRAFT:
        raise not_authorized(record.name)
    if state is State.REAUTHORIZATION_REQUIRED:
        raise ReauthorizationRequired(
            f"“{record.name}” must be reauthorized.",
            reason=record.health.explanation,
            hint=f"{record.health.explanation} Run: "
            f"grantline connection reauthorize {shlex.quote(record.name)}",
        )
    if not holding.renewable and not alive:
        raise ReauthorizationRequired(
            f"The access token of “{record.name}” has ended, and there is no refresh token.",
            reason="The service issued no refresh token.",
            hint=(
                "Many services issue one only when asked: add the scope offline_access, or the "
                "authorize parameters access_type=offline (Google), token_access_type=offline "
                f"(Dropbox), duration=permanent (Reddit). Then run: "
                f"grantline connection reauthorize {shlex.quote(record.name)}"
            ),
        )


def _backing_off(holding: Holding, now: datetime) -> bool:
    health = holding.record.health
    if health.failing_since is not None and now < health.failing_since:
        return False  # the clock was set back, and says nothing of how long it has been
    return health.retry_at is not None and now < health.retry_at


def _later(holding: Holding, now: datetime) -> TemporarilyUnavailable:
    health = holding.record.health
    wait = (health.retry_at or now) - now
    return TemporarilyUnavailable(
        f"“{holding.record.name}” could not be renewed just now: {health.explanation}",
        retry_after=wait,
        hint=f"It is tried again in {max(1, round(wait.total_seconds()))} s.",
    )


def _resting(holding: Holding, rest: timedelta) -> TemporarilyUnavailable:
    return TemporarilyUnavailable(
        f"{holding.token_host} has not answered several times in a row, and is left alone.",
        retry_after=rest,
        hint=f"It is tried again in {max(1, round(rest.total_seconds()))} s.",
    )

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
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.holding import Holding, not_authorized
from grantline.connections.masking import masking
from grantline.connections.rotation import Rotation
from grantline.connections.schedule import LEASE_SPAN, LEASE_WAIT, SENDING_SHARE
from grantline.connections.state import State
from grantline.errors import (
    ReauthorizationRequired,
    RefreshInProgress,
    TemporarilyUnavailable,
)
from grantline.secret import Secret

FIRST_POLL: Final = timedelta(milliseconds=20)
LONGEST_POLL: Final = timedelta(milliseconds=200)
AT_ONCE: Final = timedelta(0)


class Refresher:
    """Renews the tokens of connections for everybody in this process."""

    def __init__(self, context: Context, *, owner: str, lease_span: timedelta = LEASE_SPAN) -> None:
        """A refresher of one process.

        Args:
            context: Store, transport, clock.
            owner: Names this process among those that share the store.
            lease_span: How long a renewal may take before others may take over.
        """
        self._context = context
        self._owner = owner
        self._lease_span = lease_span
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
            flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(
                self._renew(actor, connection_id, min_ttl, rejected, insist=insist),
                name=f"renew {connection_id}",
            )
            self._flights[key] = flight
            flight.add_done_callback(lambda _: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    async def settle(self) -> None:
        """Waits until no renewal is in flight; their own deadlines bound the wait."""
        while self._flights:
            await asyncio.wait(list(self._flights.values()))

    async def _renew(
        self,
        actor: Actor,
        connection_id: str,
        min_ttl: timedelta,
        rejected: Secret | None,
        *,
        insist: bool,
    ) -> Holding:
        clock, store = self._context.clock, self._context.store
        give_up_at = clock.now() + LEASE_WAIT
        poll = FIRST_POLL
        while True:
            holding = await self._context.hold(actor, connection_id)
            now = clock.now()
            if holding.usable(now, min_ttl=min_ttl, rejected=rejected):
                return holding
            alive = holding.alive(now + min_ttl, rejected=rejected)
            _check_renewable(holding, alive=alive)
            quarantine = await self._context.quarantined()
            backing_off = not insist and _backing_off(holding, now)
            if quarantine or backing_off or not holding.renewable:
                if alive:
                    return holding
                name = holding.record.name
                raise quarantine.refusal(name) if quarantine else _later(holding, now)
            lease = await self._context.stored(
                store.acquire_lease,
                connection_id,
                self._owner,
                holding.record.generation,
                self._lease_span,
            )
            if lease is not None:
                send_until = now + self._lease_span * SENDING_SHARE
                rotation = Rotation(self._context, actor, holding, lease, send_until=send_until)
                with masking(holding):
                    renewed = await rotation.run(serve_old=alive)
                if renewed is not None:
                    return renewed
                continue
            if alive:
                return holding
            if now >= give_up_at:
                raise RefreshInProgress(
                    f"Another process has been renewing “{holding.record.name}” for too long.",
                    retry_after=self._lease_span,
                    hint="Try again in a minute.",
                )
            await clock.sleep(poll)
            poll = min(poll * 2, LONGEST_POLL)


def _check_renewable(holding: Holding, *, alive: bool) -> None:
    record = holding.record
    state = State(record.health.state)
    if state is State.DRAFT:
        raise not_authorized(record.name)
    if state is State.REAUTHORIZATION_REQUIRED:
        raise ReauthorizationRequired(
            f"“{record.name}” must be reauthorized.",
            reason=record.health.explanation,
            hint=f"{record.health.explanation} Run: grantline connection reauthorize {record.name}",
        )
    if not holding.renewable and not alive:
        raise ReauthorizationRequired(
            f"The access token of “{record.name}” has ended, and there is no refresh token.",
            reason="The service issued no refresh token.",
            hint=(
                "Many services issue one only when asked: add the scope offline_access, or the "
                "authorize parameters access_type=offline (Google), token_access_type=offline "
                f"(Dropbox), duration=permanent (Reddit). Then run: "
                f"grantline connection reauthorize {record.name}"
            ),
        )


def _backing_off(holding: Holding, now: datetime) -> bool:
    retry_at = holding.record.health.retry_at
    return retry_at is not None and now < retry_at


def _later(holding: Holding, now: datetime) -> TemporarilyUnavailable:
    health = holding.record.health
    wait = (health.retry_at or now) - now
    return TemporarilyUnavailable(
        f"“{holding.record.name}” could not be renewed just now: {health.explanation}",
        retry_after=wait,
        hint=f"It is tried again in {max(1, round(wait.total_seconds()))} s.",
    )

"""One renewal under a lease, from the intent to the saved token set.

Every step is written down before the next one begins, so that whoever comes after a crash knows
what may have happened. The steps are numbered in ``refresh``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.exchange import exchange
from grantline.connections.renewal.breaker import Breaker
from grantline.connections.renewal.health import (
    CAUSE_ANSWER_LOST,
    Verdict,
    after_failure,
    after_success,
    verdict_of,
)
from grantline.connections.renewal.holding import Holding, background_turn
from grantline.connections.renewal.next_tokens import (
    Renewal,
    read_answer,
    refresh_with,
    renewals_for,
    response_from_text,
    response_to_text,
)
from grantline.connections.renewal.schedule import REQUEST_DEADLINE
from grantline.connections.renewal.unsaved import REFUSALS, Save, Unsaved
from grantline.connections.revoke import revoke_tokens
from grantline.connections.sealing import answer_place, open_tokens, token_columns, tokens_place
from grantline.connections.state import Happening
from grantline.connections.transcript import Step
from grantline.errors import (
    ConnectionNotFound,
    EgressBlocked,
    GrantlineError,
    OutcomeUnknown,
    RequestError,
    TransportFailed,
)
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.answers.failure import failure_from_transport, failure_of
from grantline.oauth.flow import adrive
from grantline.oauth.grant import GrantType
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.store.records.connections import Health, TokenColumns
from grantline.store.records.renewal import Lease, RefreshAttempt


class _Overtaken(Exception):
    """The lease is over, or somebody has saved other tokens meanwhile."""


class Rotation:
    """Renews one connection while its lease lives."""

    def __init__(
        self,
        context: Context,
        unsaved: Unsaved,
        breaker: Breaker,
        *,
        actor: Actor,
        holding: Holding,
        lease: Lease,
        send_until: timedelta,
    ) -> None:
        """A renewal of ``holding`` under ``lease``.

        Args:
            context: Store, transport, clock.
            unsaved: Takes answers and tokens that the database refuses.
            breaker: Hears how the server does.
            actor: For whom.
            holding: What is renewed.
            lease: The right to do it.
            send_until: Nothing is sent later than this, by ``Clock.elapsed``.
        """
        self._context = context
        self._unsaved = unsaved
        self._breaker = breaker
        self._actor = actor
        self._holding = holding
        self._lease = lease
        self._send_until = send_until
        self._lost: RefreshAttempt | None = None

    async def run(self, *, serve_old: bool, only_finish: bool = False) -> Holding | None:
        """The renewed holding; or the old one when renewing failed and it still works.

        None means that others may have renewed it meanwhile: look again.

        Args:
            serve_old: Whether the token held so far still works.
            only_finish: Send nothing but what an earlier attempt, whose answer was lost, has sent.

        Raises:
            GrantlineError: Renewing failed and there is no token to give out.
        """
        holding = self._holding
        try:
            recovered = await self._recover()
            if recovered is not None:
                return recovered
            if only_finish and not (self._lost and holding.is_held and holding.renewable):
                return holding
            return await self._spend()
        except _Overtaken:
            return None
        except ConnectionNotFound:
            raise
        except GrantlineError as error:
            current = await self._note_failure(error)
            if serve_old if self._has_our_token(current) else current.usable(self._now()):
                return current
            raise
        finally:
            # One that cannot be given back ends by itself; what waits to be saved keeps its own.
            if self._unsaved.held(holding.record.id) is None:
                with suppress(*REFUSALS):
                    await self._context.stored(self._context.store.release_lease, self._lease)

    async def _recover(self) -> Holding | None:
        """Finishes what an earlier holder of the lease began, when his answer was saved."""
        context, record = self._context, self._holding.record
        await self._unsaved.replay()
        # The tokens issued last count, so an answer that came last is read first.
        for attempt in reversed(await context.stored(context.store.open_attempts, record.id)):
            if attempt.generation != record.generation:
                await self._set_aside(attempt, self._holding)
            elif attempt.sealed_answer is None:
                if attempt.token_hash:
                    self._lost = attempt
                await self._close(attempt, "lost")
            else:
                answer = self._opened(attempt, attempt.sealed_answer)
                try:
                    return await self._conclude(attempt, answer, self._presented_in(attempt))
                except GrantlineError as error:
                    # Only what the server said allows another attempt: while the answer is there
                    # and merely could not be saved, its refresh token is the one that counts.
                    if failure_of(error) is None or _rotated(error):
                        raise
        return None

    def _presented_in(self, attempt: RefreshAttempt) -> Renewal:
        """The way in which ``attempt`` was made; its kind says how the answer is read."""
        ways = renewals_for(self._holding)
        return ways[0] if attempt.token_hash else ways[-1]

    def _opened(self, attempt: RefreshAttempt, sealed_answer: str) -> HttpResponse:
        place = answer_place(attempt.workspace, attempt.id)
        return response_from_text(self._context.vault.open(sealed_answer, place))

    async def _set_aside(self, attempt: RefreshAttempt, current: Holding) -> None:
        """Closes an attempt that came too late.

        The tokens issued last count. But when the server refuses those, the answer of this attempt
        is the next best thing, as long as it comes from the same consent.
        """
        record = current.record
        is_candidate = (
            attempt.sealed_answer is not None
            and attempt.token_hash
            and attempt.generation == record.generation - 1
            and record.authorized_at is not None
            and record.authorized_at < attempt.started_at
        )
        await self._close(attempt, "candidate" if is_candidate else "superseded")

    async def _spend(self) -> Holding:
        dead = []
        async for renewal in self._ways():
            try:
                return await self._try(renewal)
            except GrantlineError as error:
                if verdict_of(error) is not Verdict.DEAD_GRANT:
                    raise
                dead.append(error)
        raise dead[-1]

    async def _ways(self) -> AsyncIterator[Renewal]:
        """Every way to new tokens; each is asked for only when those before it led nowhere."""
        for renewal in renewals_for(self._holding):
            yield renewal
            if renewal.held is not None:
                for tokens in await self._other_tokens(renewal.held):
                    way = refresh_with(self._holding, tokens)
                    if way is not None and way.token_hash != renewal.token_hash:
                        yield way

    async def _other_tokens(self, refused: TokenSet) -> list[TokenSet]:
        """What may work where the refresh token of ``refused`` is dead.

        The one before it, where the service is known to take that for a while; and those of
        answers that came too late to be saved.
        """
        context, record = self._context, self._holding.record
        columns, found = record.tokens, []
        if (
            columns is not None
            and columns.sealed_previous is not None
            and columns.previous_until is not None
            and self._now() < columns.previous_until
        ):
            previous = open_tokens(context.vault, tokens_place(record), columns.sealed_previous)
            found.append(previous[0])
        for attempt in await context.stored(
            context.store.closed_attempts, record.id, record.generation - 1, "candidate"
        ):
            if attempt.sealed_answer is not None:
                answer = self._opened(attempt, attempt.sealed_answer)
                with suppress(GrantlineError):
                    found.append(
                        read_answer(
                            self._holding,
                            answer,
                            grant=GrantType.REFRESH_TOKEN,
                            held=refused,
                            asked_at=attempt.started_at,
                        )
                    )
        return found

    async def _try(self, renewal: Renewal) -> Holding:
        try:
            return await self._attempt(renewal)
        except OutcomeUnknown:
            # The server may have rotated the token and its answer was lost. With a grace window
            # the same token gives a new pair now; without one nothing more can be lost by asking.
            return await self._attempt(renewal)

    async def _attempt(self, renewal: Renewal) -> Holding:
        context, record = self._context, self._holding.record
        asked_at = self._now()
        attempt = RefreshAttempt(
            id=context.new_id("att"),
            workspace=record.workspace,
            connection_id=record.id,
            generation=record.generation,
            token_hash=renewal.token_hash,
            lease_number=self._lease.number,
            started_at=asked_at,
            deadline=asked_at + REQUEST_DEADLINE,
        )
        await context.stored(context.store.begin_attempt, attempt)
        try:
            answer = await adrive(renewal.converse(context.moment()), self._send)
        except _Overtaken:
            await self._close(attempt, "not sent")
            raise
        except RequestError as error:
            if isinstance(error, EgressBlocked) or (
                isinstance(error, TransportFailed) and not error.sent
            ):
                await self._close(attempt, "not sent")
                raise failure_from_transport(error, grant=renewal.grant).as_error() from error
            if renewal.token_hash:
                self._lost = attempt
            await self._close(attempt, "lost")
            raise OutcomeUnknown(
                "The service was asked to renew the token, and its answer was lost.",
                hint="Nothing needs to be done; it is asked again.",
            ) from error
        if answer.status < 300:
            place = answer_place(record.workspace, attempt.id)
            sealed = context.vault.seal(response_to_text(answer), place)
            await self._unsaved.keep_answer(attempt, sealed)
            attempt = replace(attempt, sealed_answer=sealed)
        return await self._conclude(attempt, answer, renewal)

    async def _send(self, request: HttpRequest) -> HttpResponse:
        if self._context.clock.elapsed() > self._send_until:
            raise _Overtaken
        host = self._holding.token_host
        try:
            answer = await exchange(self._context, self._holding, Step.REFRESH, request)
        except RequestError:
            self._breaker.failed(host, self._context.clock.elapsed())
            raise
        if answer.status >= 500 or answer.status == 429:
            self._breaker.failed(host, self._context.clock.elapsed())
        else:
            self._breaker.answered(host)
        return answer

    async def _conclude(
        self, attempt: RefreshAttempt, answer: HttpResponse, renewal: Renewal
    ) -> Holding:
        """Reads ``answer`` and saves what it grants; what cannot be used ends the attempt."""
        holding = self._holding
        try:
            tokens = read_answer(
                holding,
                answer,
                grant=renewal.grant,
                held=renewal.held,
                asked_at=attempt.started_at,
            )
        except GrantlineError as error:
            rotated = _rotated(error)
            if rotated is None or holding.tokens is None:
                await self._close(attempt, f"refused: {error.code}")
            else:
                # An answer that cannot be used, and yet a new refresh token in it: the old one is
                # spent, so the new one is kept before anybody complains.
                kept = replace(holding.tokens, refresh_token=rotated)
                await self._save(attempt, kept, holding.record.health, holding.obtained_at)
            raise
        health = after_success(
            self._holding.record.health,
            Happening.REFRESHED,
            attempt.started_at,
            tokens.refresh_expires_at,
        )
        return await self._save(attempt, tokens, health)

    async def _save(
        self,
        attempt: RefreshAttempt,
        tokens: TokenSet,
        health: Health,
        obtained_at: datetime | None = None,
    ) -> Holding:
        context, record = self._context, self._holding.record
        save = Save(
            lease=self._lease,
            attempt=attempt,
            columns=self._columns(tokens, obtained_at or attempt.started_at),
            health=health,
            event=context.event(
                self._actor, "connection.refreshed", record.id, {"warnings": list(tokens.warnings)}
            ),
        )
        try:
            saved = await self._unsaved.save(self._holding, save)
        except ConnectionNotFound:
            # Deleted while the answer was under way: it stays deleted, and what the server has
            # just issued is taken back.
            await revoke_tokens(context, self._holding, tokens)
            raise
        waiting = self._unsaved.held(record.id)
        if waiting is not None:
            return waiting
        current = await context.hold(self._actor, record.id)
        if not saved:
            # The lease was lost to a long pause. While nobody else has saved anything, the attempt
            # stays open with its answer: the next holder of the lease uses it.
            if current.record.generation != attempt.generation:
                await self._set_aside(attempt, current)
            raise _Overtaken
        return current

    def _columns(self, tokens: TokenSet, obtained_at: datetime) -> TokenColumns:
        """``tokens`` as columns; with those before them, where the service may take them again."""
        holding, record = self._holding, self._holding.record
        due_at = background_turn(holding, tokens, obtained_at)
        columns = token_columns(self._context.vault, record, tokens, obtained_at, due_at)
        grace = holding.settings.refresh_grace
        if not grace or record.tokens is None:
            return columns
        return replace(
            columns,
            sealed_previous=record.tokens.sealed_tokens,
            previous_until=obtained_at + grace,
        )

    async def _note_failure(self, error: GrantlineError) -> Holding:
        """Writes down why renewing failed, and gives the connection as it is now."""
        context, old = self._context, self._holding.record
        try:
            current = await context.hold(self._actor, old.id)
            if not current.is_held or not self._has_our_token(current):
                # Edited, given up or renewed meanwhile: the failure is not about these tokens.
                return current
            health = after_failure(
                current.record.health,
                error,
                now=self._now(),
                jitter=int.from_bytes(context.entropy(4)) / 2**32,
                lost=await self._lost_attempt(current),
            )
            event = None
            if health.state != current.record.health.state:
                event = context.event(
                    self._actor,
                    f"connection.{health.state}",
                    old.id,
                    {"cause": health.cause, "explanation": health.explanation},
                )
            await context.stored(
                context.store.save_health, old.id, current.record.generation, health, event
            )
            return await context.hold(self._actor, old.id)
        except REFUSALS:
            # A database that takes nothing takes no remark about that either.
            return self._holding

    async def _lost_attempt(self, current: Holding) -> RefreshAttempt | None:
        """The attempt to renew these tokens whose answer was lost, now or earlier."""
        record = current.record
        if self._lost is not None or record.health.cause != CAUSE_ANSWER_LOST:
            return self._lost
        store = self._context.store
        lost = await self._context.stored(
            store.closed_attempts, record.id, record.generation, "lost"
        )
        return lost[0] if lost else None

    def _has_our_token(self, current: Holding) -> bool:
        ours, theirs = self._holding.tokens, current.tokens
        return bool(ours and theirs and ours.access_token == theirs.access_token)

    def _now(self) -> datetime:
        return self._context.clock.now()

    async def _close(self, attempt: RefreshAttempt, outcome: str) -> None:
        context = self._context
        await context.stored(context.store.close_attempt, attempt.id, outcome, context.clock.now())


def _rotated(error: GrantlineError) -> Secret | None:
    """A new refresh token in an answer that cannot be used otherwise."""
    failure = failure_of(error)
    return failure.rotated if failure else None

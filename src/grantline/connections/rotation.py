"""One renewal under a lease, from the intent to the saved token set.

Every step is written down before the next one begins, so that whoever comes after a crash knows
what may have happened. The steps are numbered in ``refresh``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, ParamSpec, TypeVar

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.health import Verdict, after_failure, after_success, verdict_of
from grantline.connections.holding import Holding
from grantline.connections.renewal import (
    GRANTS,
    Renewal,
    read_answer,
    renewals_for,
    response_from_text,
    response_to_text,
)
from grantline.connections.revoke import revoke_tokens
from grantline.connections.schedule import REQUEST_DEADLINE
from grantline.connections.sealing import answer_place, token_columns
from grantline.connections.state import Happening
from grantline.errors import (
    ConnectionNotFound,
    GrantlineError,
    OutcomeUnknown,
    RequestError,
    StoreBusy,
    TransportFailed,
)
from grantline.messages import HttpResponse
from grantline.oauth.failure import failure_from_transport, failure_of
from grantline.oauth.flow import adrive
from grantline.oauth.grant import GrantType
from grantline.oauth.token_set import TokenSet
from grantline.store.records import Health, Lease, RefreshAttempt

P = ParamSpec("P")
R = TypeVar("R")

SAVE_FOR: Final = timedelta(seconds=15)
SAVE_AGAIN: Final = timedelta(milliseconds=250)


class Rotation:
    """Renews one connection while its lease lives."""

    def __init__(self, context: Context, actor: Actor, holding: Holding, lease: Lease) -> None:
        self._context = context
        self._actor = actor
        self._holding = holding
        self._lease = lease
        self._answer_lost = False

    async def run(self, *, serve_old: bool) -> Holding:
        """The renewed holding; or the old one when renewing failed and it still works.

        Raises:
            GrantlineError: Renewing failed and there is no token to give out.
        """
        try:
            return await self._recover() or await self._spend()
        except ConnectionNotFound:
            raise
        except GrantlineError as error:
            current = await self._note_failure(error)
            if current is not None:
                return current
            if serve_old:
                return self._holding
            raise
        finally:
            await self._context.stored(self._context.store.release_lease, self._lease)

    async def _recover(self) -> Holding | None:
        """Finishes what an earlier holder of the lease began, when his answer was saved."""
        context, record = self._context, self._holding.record
        for attempt in await context.stored(context.store.open_attempts, record.id):
            if attempt.generation != record.generation:
                await self._close(attempt, "superseded")
            elif attempt.sealed_answer is None:
                self._answer_lost = True
                await self._close(attempt, "lost")
            else:
                place = answer_place(attempt.workspace, attempt.id)
                answer = response_from_text(context.vault.open(attempt.sealed_answer, place))
                grant = GrantType.REFRESH_TOKEN
                if not attempt.token_hash:
                    grant = GRANTS[self._holding.flow]
                try:
                    return await self._judge(attempt, answer, grant)
                except GrantlineError as error:
                    await self._close(attempt, f"refused: {error.code}")
        return None

    async def _spend(self) -> Holding:
        *cheaper, last = renewals_for(self._holding)
        for renewal in cheaper:
            try:
                return await self._try(renewal)
            except GrantlineError as error:
                if verdict_of(error) is not Verdict.DEAD_GRANT:
                    raise
        return await self._try(last)

    async def _try(self, renewal: Renewal) -> Holding:
        try:
            return await self._attempt(renewal)
        except OutcomeUnknown:
            # The server may have rotated the token and its answer was lost. With a grace window
            # the same token gives a new pair now; without one nothing more can be lost by asking.
            self._answer_lost = True
            return await self._attempt(renewal)

    async def _attempt(self, renewal: Renewal) -> Holding:
        context, record = self._context, self._holding.record
        asked_at = context.clock.now()
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
            answer = await adrive(
                renewal.converse(context.moment()),
                lambda request: context.send(request, app_id=record.app_id),
            )
        except RequestError as error:
            if isinstance(error, TransportFailed) and not error.sent:
                await self._close(attempt, "not sent")
                raise failure_from_transport(error, grant=renewal.grant).as_error() from error
            await self._close(attempt, "lost")
            raise OutcomeUnknown(
                "The service was asked to renew the token, and its answer was lost.",
                hint="Nothing needs to be done; it is asked again.",
            ) from error
        if answer.status < 300:
            place = answer_place(record.workspace, attempt.id)
            sealed = context.vault.seal(response_to_text(answer), place)
            await self._persist(context.store.save_answer, attempt.id, sealed)
        try:
            return await self._judge(attempt, answer, renewal.grant)
        except ConnectionNotFound:
            raise
        except GrantlineError as error:
            failure = failure_of(error)
            if failure is None or failure.rotated is None or self._holding.tokens is None:
                await self._close(attempt, f"refused: {error.code}")
            else:
                # An answer that cannot be used, and yet a new refresh token in it: the old one is
                # spent, so the new one is kept before anybody complains.
                kept = replace(self._holding.tokens, refresh_token=failure.rotated)
                await self._save(attempt, kept, record.health, self._holding.obtained_at)
            raise

    async def _judge(
        self, attempt: RefreshAttempt, answer: HttpResponse, grant: GrantType
    ) -> Holding:
        tokens = read_answer(self._holding, answer, grant=grant, asked_at=attempt.started_at)
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
        columns = token_columns(context.vault, record, tokens, obtained_at or attempt.started_at)
        event = context.event(
            self._actor, "connection.refreshed", record.id, {"warnings": list(tokens.warnings)}
        )
        try:
            saved = await self._persist(
                context.store.save_refreshed, self._lease, attempt, columns, health, event
            )
        except ConnectionNotFound:
            # Deleted while the answer was under way: it stays deleted, and what the server has
            # just issued is taken back.
            await revoke_tokens(context, self._holding, tokens)
            raise
        if not saved:
            # The lease was lost to a long pause, and another token set is in place by now.
            await self._close(attempt, "superseded")
        return await context.hold(self._actor, record.id)

    async def _note_failure(self, error: GrantlineError) -> Holding | None:
        """Writes down why renewing failed; gives what somebody else has saved meanwhile."""
        context, old = self._context, self._holding.record
        current = await context.hold(self._actor, old.id)
        now = context.clock.now()
        if current.record.generation != old.generation and current.usable(now):
            return current
        health = after_failure(
            current.record.health,
            error,
            now=now,
            jitter=int.from_bytes(context.entropy(4)) / 2**32,
            answer_lost=self._answer_lost,
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
        await context.hold(self._actor, old.id)
        return None

    async def _close(self, attempt: RefreshAttempt, outcome: str) -> None:
        context = self._context
        await context.stored(context.store.close_attempt, attempt.id, outcome, context.clock.now())

    async def _persist(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """``call``, again while the database is busy: what it saves exists only here."""
        clock = self._context.clock
        give_up_at = clock.now() + SAVE_FOR
        while True:
            try:
                return await self._context.stored(call, *args, **kwargs)
            except StoreBusy:
                if clock.now() >= give_up_at:
                    raise
                await clock.sleep(SAVE_AGAIN)

"""One renewal under a lease, from the intent to the saved token set.

Every step is written down before the next one begins, so that whoever comes after a crash knows
what may have happened. The steps are numbered in ``refresh``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.exchange import exchange
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
from grantline.connections.state import HELD, Happening, State
from grantline.connections.transcript import Step
from grantline.errors import (
    ConnectionNotFound,
    EgressBlocked,
    GrantlineError,
    OutcomeUnknown,
    RequestError,
    StoreBusy,
    TransportFailed,
)
from grantline.messages import HttpRequest, HttpResponse
from grantline.oauth.failure import failure_from_transport, failure_of
from grantline.oauth.flow import adrive
from grantline.oauth.grant import GrantType
from grantline.oauth.token_set import TokenSet
from grantline.secret import Secret
from grantline.store.records import Health, Lease, RefreshAttempt


class _Overtaken(Exception):
    """The lease is over, or somebody has saved other tokens meanwhile."""


class Rotation:
    """Renews one connection while its lease lives."""

    def __init__(
        self,
        context: Context,
        actor: Actor,
        holding: Holding,
        lease: Lease,
        *,
        send_until: datetime,
    ) -> None:
        """A renewal of ``holding`` under ``lease``; nothing is sent after ``send_until``."""
        self._context = context
        self._actor = actor
        self._holding = holding
        self._lease = lease
        self._send_until = send_until
        self._answer_lost = False

    async def run(self, *, serve_old: bool) -> Holding | None:
        """The renewed holding; or the old one when renewing failed and it still works.

        None means that others may have renewed it meanwhile: look again.

        Raises:
            GrantlineError: Renewing failed and there is no token to give out.
        """
        try:
            return await self._recover() or await self._spend()
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
            # One that cannot be given back ends by itself.
            with suppress(StoreBusy):
                await self._context.stored(self._context.store.release_lease, self._lease)

    async def _recover(self) -> Holding | None:
        """Finishes what an earlier holder of the lease began, when his answer was saved."""
        context, record = self._context, self._holding.record
        for attempt in await context.stored(context.store.open_attempts, record.id):
            if attempt.generation != record.generation:
                await self._close(attempt, "superseded")
            elif attempt.sealed_answer is None:
                self._answer_lost = bool(attempt.token_hash)
                await self._close(attempt, "lost")
            else:
                place = answer_place(attempt.workspace, attempt.id)
                answer = response_from_text(context.vault.open(attempt.sealed_answer, place))
                grant = GrantType.REFRESH_TOKEN
                if not attempt.token_hash:
                    grant = GRANTS[self._holding.flow]
                try:
                    return await self._conclude(attempt, answer, grant)
                except GrantlineError as error:
                    # Only what the server said allows another attempt: while the answer is there
                    # and merely could not be saved, its refresh token is the one that counts.
                    if failure_of(error) is None or _rotated(error):
                        raise
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
            self._answer_lost = bool(renewal.token_hash)
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
            await self._close(attempt, "lost")
            raise OutcomeUnknown(
                "The service was asked to renew the token, and its answer was lost.",
                hint="Nothing needs to be done; it is asked again.",
            ) from error
        if answer.status < 300:
            place = answer_place(record.workspace, attempt.id)
            sealed = context.vault.seal(response_to_text(answer), place)
            await context.persisted(context.store.save_answer, attempt.id, sealed)
        return await self._conclude(attempt, answer, renewal.grant)

    async def _send(self, request: HttpRequest) -> HttpResponse:
        if self._now() > self._send_until:
            raise _Overtaken
        return await exchange(self._context, self._holding, Step.REFRESH, request)

    async def _conclude(
        self, attempt: RefreshAttempt, answer: HttpResponse, grant: GrantType
    ) -> Holding:
        """Reads ``answer`` and saves what it grants; what cannot be used ends the attempt."""
        holding = self._holding
        try:
            tokens = read_answer(holding, answer, grant=grant, asked_at=attempt.started_at)
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
        columns = token_columns(context.vault, record, tokens, obtained_at or attempt.started_at)
        event = context.event(
            self._actor, "connection.refreshed", record.id, {"warnings": list(tokens.warnings)}
        )
        try:
            saved = await context.persisted(
                context.store.save_refreshed, self._lease, attempt, columns, health, event
            )
        except ConnectionNotFound:
            # Deleted while the answer was under way: it stays deleted, and what the server has
            # just issued is taken back.
            await revoke_tokens(context, self._holding, tokens)
            raise
        if not saved:
            # The lease was lost to a long pause. The attempt stays open with its answer: the next
            # holder of the lease uses it, unless other tokens are in place by then.
            raise _Overtaken
        return await context.hold(self._actor, record.id)

    async def _note_failure(self, error: GrantlineError) -> Holding:
        """Writes down why renewing failed, and gives the connection as it is now."""
        context, old = self._context, self._holding.record
        current = await context.hold(self._actor, old.id)
        if State(current.record.health.state) not in HELD or not self._has_our_token(current):
            # Edited, given up or renewed meanwhile: the failure is not about these tokens.
            return current
        health = after_failure(
            current.record.health,
            error,
            now=self._now(),
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
        return await context.hold(self._actor, old.id)

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

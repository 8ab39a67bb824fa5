"""New tokens that the database has not taken yet: given out meanwhile, and saved when it does.

They are safe before anybody gets them: the answer that they came in is in the database, or else in
the spool file. What is here is the short way; the next process reads the answer again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, ParamSpec, TypeVar

from grantline.connections.context import Context
from grantline.connections.renewal.holding import Holding
from grantline.connections.renewal.spool import Spool, SpooledAnswer
from grantline.connections.revoke import revoke_tokens
from grantline.errors import ConfigurationError, ConnectionNotFound, GrantlineError, StoreBusy
from grantline.store.records.audit import Event
from grantline.store.records.connections import Health, TokenColumns
from grantline.store.records.renewal import Lease, RefreshAttempt

P = ParamSpec("P")
R = TypeVar("R")

LOG: Final = logging.getLogger("grantline.refresh")
FIRST_PAUSE: Final = timedelta(milliseconds=250)
LONGEST_PAUSE: Final = timedelta(seconds=5)
NO_PAUSE: Final = timedelta(0)
# Longer than a database takes to refuse by itself. It is real time that passes there.
PATIENCE_S = 10.0
# For an answer that is in memory alone: a quarter of a minute more before it is given up.
LAST_TRIES: Final = 60
# The database cannot be had, or cannot write: a matter of time, or of an operator.
REFUSALS: Final = (StoreBusy, ConfigurationError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Save:
    """What is to be written when a renewal has succeeded."""

    lease: Lease
    attempt: RefreshAttempt
    columns: TokenColumns
    health: Health
    event: Event


class Unsaved:
    """What one process still has to save."""

    def __init__(self, context: Context, spool: Spool) -> None:
        self._context = context
        self._spool = spool
        self._held: dict[str, Holding] = {}
        self._only_here: set[str] = set()
        self._saving: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    async def keep_answer(self, attempt: RefreshAttempt, sealed_answer: str) -> None:
        """Keeps the raw answer to ``attempt``: in the database, else in the spool file."""
        context = self._context
        try:
            await self._soon(context.store.save_answer, attempt.id, sealed_answer)
        except REFUSALS:
            answer = SpooledAnswer(
                instance=context.database_id,
                workspace=attempt.workspace,
                connection_id=attempt.connection_id,
                attempt_id=attempt.id,
                sealed_answer=sealed_answer,
                token_hash=attempt.token_hash,
                started_at=attempt.started_at.isoformat(),
            )
            try:
                # Not on the threads of the store, which may all be waiting for a database that
                # hangs.
                await asyncio.to_thread(self._spool.append, answer)
            except OSError as error:
                self._only_here.add(attempt.id)
                LOG.critical(
                    "Neither the database nor the spool file takes the answer to %s: %s. "
                    "It is in memory alone; do not stop this process.",
                    attempt.id,
                    error.strerror,
                )

    async def replay(self) -> list[SpooledAnswer]:
        """Hands the answers in the spool file to the database; gives those that it took."""
        try:
            return await self._soon(self._spool.replay, self._context.database_id, self._hand_over)
        except (GrantlineError, OSError):
            return []

    def _hand_over(self, answer: SpooledAnswer) -> None:
        """Hands one to the database.

        A database that does not know its attempt was put back to an earlier time, from a backup or
        by a replica that was behind: then the answer is newer than the tokens there, and counts.
        """
        store = self._context.store
        if store.save_answer(answer.attempt_id, answer.sealed_answer) or not answer.started_at:
            return
        started_at = datetime.fromisoformat(answer.started_at)
        with suppress(ConnectionNotFound):
            there = self._context.read(answer.workspace, answer.connection_id)
            if there.obtained_at is not None and there.obtained_at < started_at:
                store.begin_attempt(
                    RefreshAttempt(
                        id=answer.attempt_id,
                        workspace=answer.workspace,
                        connection_id=answer.connection_id,
                        generation=there.record.generation,
                        token_hash=answer.token_hash,
                        lease_number=there.record.lease_number,
                        started_at=started_at,
                        deadline=started_at,
                        sealed_answer=answer.sealed_answer,
                    )
                )

    def reserve(self) -> None:
        """Sets room aside for answers that the database may refuse, where that can be done."""
        with suppress(OSError):
            self._spool.reserve()

    def held(self, connection_id: str) -> Holding | None:
        """The newest tokens of a connection, when they wait here."""
        return self._held.get(connection_id)

    async def save(self, holding: Holding, save: Save) -> bool:
        """Saves what a renewal of ``holding`` gave; False when others have saved meanwhile.

        While the database refuses, the tokens wait here and ``held`` gives them.

        Raises:
            ConnectionNotFound: It was deleted meanwhile.
        """
        try:
            return await self._save(save)
        except REFUSALS:
            context, record = self._context, holding.record
            renewed = replace(
                record,
                tokens=save.columns,
                health=save.health,
                generation=record.generation + 1,
            )
            waiting = context.opened(renewed, holding.app)
            self._held[record.id] = waiting
            context.holdings.put(waiting)
            task = asyncio.get_running_loop().create_task(self._keep_saving(holding, waiting, save))
            self._saving.add(task)
            task.add_done_callback(self._saving.discard)
            return True

    async def close(self) -> None:
        """Tries each save once more, and then leaves it to the next process."""
        self._closing.set()
        while self._saving:
            await asyncio.wait(self._saving)

    @property
    def owes(self) -> bool:
        """Whether anything waits here."""
        return bool(self._held)

    async def _soon(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As ``Context.stored``; a database that does not answer for long is taken to refuse.

        What was asked of it may still be done. Each such call may be repeated.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._context.stored(call, *args, **kwargs)
        except TimeoutError:
            raise StoreBusy("The database does not answer.", hint="Try again.") from None

    async def _save(self, save: Save) -> bool:
        context = self._context
        saved = await self._soon(
            context.store.save_refreshed,
            save.lease,
            save.attempt,
            save.columns,
            save.health,
            save.event,
        )
        if saved:
            with suppress(OSError):
                await context.stored(self._spool.discard, save.attempt.id)
        return saved

    async def _keep_saving(self, holding: Holding, waiting: Holding, save: Save) -> None:
        pause, tries_left = FIRST_PAUSE, LAST_TRIES if save.attempt.id in self._only_here else 1
        while tries_left:
            if self._closing.is_set():
                tries_left -= 1
                await self._context.clock.sleep(FIRST_PAUSE if tries_left else NO_PAUSE)
            else:
                await self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            try:
                # The answer first: should others have the lease by now, they find it.
                await self.replay()
                await self._save(save)
            except REFUSALS:
                continue
            except ConnectionNotFound:
                await revoke_tokens(self._context, holding, waiting.tokens)
            del self._held[holding.record.id]
            return

    async def _pause(self, span: timedelta) -> None:
        """Waits ``span``, or until closing."""
        loop = asyncio.get_running_loop()
        waits = [
            loop.create_task(self._context.clock.sleep(span)),
            loop.create_task(self._closing.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

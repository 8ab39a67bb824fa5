"""The history of requests: what was asked, what came back, how long it took; secrets masked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from grantline.calls.attempts.attempt import Attempt
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.requests.run_detail import (
    Detail,
    SeenError,
    SeenRequest,
    SeenResponse,
    detail_from_text,
    detail_to_text,
)
from grantline.store.records.page import Page
from grantline.store.records.requests import RunRecord
from grantline.vault.envelope import Place

KEPT_FOR: Final = timedelta(days=30)
MOST_KEPT: Final = 10_000
PURGE_EVERY: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One request that was made, as lists show it.

    Attributes:
        url: With every secret masked.
        status: Of the answer; None when none came.
        error_code: ``GrantlineError.code``; empty when an answer came.
        attempts: 2 when the token was renewed and the request sent again.
    """

    id: str
    owner: str
    at: datetime
    request_id: str | None
    connection_id: str | None
    method: str
    url: str
    status: int | None
    error_code: str
    duration: timedelta
    attempts: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """A run with the request and the answer; ``response`` or ``error`` is None.

    ``attempts`` is every sending, in order; runs of earlier versions have none.
    """

    run: Run
    request: SeenRequest
    response: SeenResponse | None
    error: SeenError | None
    attempts: tuple[Attempt, ...]


class Runs:
    """The history of requests, bounded in age and number."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept = 0

    async def page(
        self,
        actor: Actor,
        *,
        query: str = "",
        connection_id: str | None = None,
        request_id: str | None = None,
        status_class: int | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[Run]:
        """Runs, newest first. ``status_class`` is 2 for 2xx and so on, 0 for no answer at all."""
        found = await self._context.stored(
            self._context.store.page_runs,
            actor.workspace,
            query=query.strip(),
            connection_id=connection_id,
            request_id=request_id,
            status_class=status_class,
            offset=offset,
            limit=limit,
        )
        return Page(tuple(_run(each) for each in found.rows), found.total)

    async def latest(self, actor: Actor, request_ids: Collection[str]) -> dict[str, Run]:
        """The latest run of each of these saved requests that has one, by the request's id."""
        store = self._context.store
        found = await self._context.stored(store.latest_runs, actor.workspace, request_ids)
        return {each.request_id: _run(each) for each in found if each.request_id is not None}

    async def find(self, actor: Actor, run_id: str) -> RunDetail:
        """The run of this id; raises ``NotFound``."""
        context = self._context
        record, sealed = await context.stored(context.store.load_run, actor.workspace, run_id)
        detail = detail_from_text(context.vault.open(sealed, _place(record)).reveal())
        return RunDetail(
            run=_run(record),
            request=detail.request,
            response=detail.response,
            error=detail.error,
            attempts=detail.attempts,
        )

    async def keep(
        self,
        actor: Actor,
        detail: Detail,
        *,
        at: datetime,
        duration: timedelta,
        attempts: int,
        request_id: str | None,
        connection_id: str | None,
    ) -> Run:
        """The run that is now in the history; now and then the oldest leave it."""
        context, response = self._context, detail.response
        record = RunRecord(
            id=context.new_id("run"),
            workspace=actor.workspace,
            owner=actor.user,
            at=at,
            request_id=request_id,
            connection_id=connection_id,
            method=detail.request.method,
            url=detail.request.url,
            status=response.status if response else None,
            error_code=detail.error.code if detail.error else "",
            duration=duration,
            attempts=attempts,
            size_bytes=response.body.size if response else 0,
        )
        sealed = context.vault.seal(detail_to_text(detail), _place(record))
        await context.stored(context.store.add_run, record, sealed)
        self._kept += 1
        if self._kept % PURGE_EVERY == 0:
            await self.purge(actor)
        return _run(record)

    async def delete(self, actor: Actor, run_id: str) -> None:
        """Takes a run out of the history; raises ``NotFound``."""
        await self._context.stored(self._context.store.delete_run, actor.workspace, run_id)

    async def purge(
        self, actor: Actor, *, keep: timedelta = KEPT_FOR, at_most: int = MOST_KEPT
    ) -> int:
        """Drops runs that are older than ``keep`` or beyond ``at_most``; gives the count."""
        context = self._context
        return await context.stored(
            context.store.purge_runs,
            actor.workspace,
            before=context.clock.now() - keep,
            at_most=at_most,
        )


def _run(record: RunRecord) -> Run:
    return Run(
        id=record.id,
        owner=record.owner,
        at=record.at,
        request_id=record.request_id,
        connection_id=record.connection_id,
        method=record.method,
        url=record.url,
        status=record.status,
        error_code=record.error_code,
        duration=record.duration,
        attempts=record.attempts,
        size_bytes=record.size_bytes,
    )


def _place(record: RunRecord) -> Place:
    return Place(record.workspace, "run", record.id, "detail")

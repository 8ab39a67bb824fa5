"""Making a request until it succeeds or nothing more may be tried, and judging its answer.

``perform`` makes one exchange; what happens around it is here: its turn under the service's limits,
cookies of the run, further attempts, and statuses that count as errors.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.answers.response_stream import ResponseStream
from grantline.calls.attempts.attempt import Attempt
from grantline.calls.attempts.retry import Decision, Reason, next_attempt
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import has_status
from grantline.calls.target import join_target
from grantline.connections.context import Context
from grantline.connections.renewal.holding import Holding
from grantline.connections.requests.errand import Errand
from grantline.connections.requests.pacing import Pacer
from grantline.connections.requests.perform import Performer
from grantline.connections.requests.redaction import Redactor, secrets_of
from grantline.connections.requests.service import rules_of
from grantline.errors import GrantlineError, TransportFailed, UpstreamError
from grantline.net.transport import API_LIMITS

ONCE: Final = Decision(Reason.ONCE)
NO_TIME: Final = timedelta(0)
_RANDOM_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a request.

    Attributes:
        response: The answer; None when none came.
        error: Why there is no answer, or why the one there is counts as a failure.
        attempts: Every sending, in order.
    """

    response: Response | None
    error: GrantlineError | None
    attempts: tuple[Attempt, ...] = ()

    def result(self) -> Response:
        """The answer; raises the error when there is one."""
        if self.error is not None or self.response is None:
            raise self.error or GrantlineError("No request was made.")
        return self.response


class Attempts:
    """Makes requests, more than once where their policy says so."""

    def __init__(self, context: Context, performer: Performer) -> None:
        self._context = context
        self._performer = performer
        self._pacer = Pacer(context.clock)

    async def make(self, errand: Errand) -> Outcome:
        """What became of ``errand``. Errors of the request are part of that, and are not raised."""
        send = partial(self._performer.request, errand)
        replayable = errand.upload is None or errand.upload.source.replayable
        return await self.repeated(errand, send, replayable=replayable)

    async def repeated(
        self,
        errand: Errand,
        send: Callable[[], Awaitable[Response]],
        *,
        replayable: bool = True,
    ) -> Outcome:
        """The same for who sends ``errand`` in a way of his own, which can be repeated."""
        try:
            holding = await self._holding(errand)
        except GrantlineError as refused:
            return Outcome(response=None, error=refused)
        series = _Series(self._context, self._pacer, errand.spec, holding, replayable=replayable)
        result = await series.run(send)
        if not isinstance(result, Response):
            return Outcome(response=None, error=result, attempts=tuple(series.attempts))
        error = _failure(errand, result, holding)
        return Outcome(response=result, error=error, attempts=tuple(series.attempts))

    async def again(
        self,
        errand: Errand,
        error: TransportFailed | UpstreamError,
        *,
        made: int,
        spent: timedelta,
    ) -> timedelta | None:
        """How long to wait before ``errand`` is streamed again; None when it is not."""
        holding = await self._holding(errand)
        response = error.response if isinstance(error, UpstreamError) else None
        result = response if isinstance(response, Response) else error
        decision = _decision(self._context, errand.spec, holding, result, made=made, spent=spent)
        return decision.wait

    async def answer(self, errand: Errand) -> Response:
        """The answer to ``errand``, for who does not ask how it came about; raises its error.

        A request that is sent once, by a connection whose service is not known to have limits,
        needs nothing of what `make` keeps; programs make most of theirs so.
        """
        holding = self._held(errand)
        if (
            holding is None
            or errand.spec.retry is not None
            or not (limiter := self._pacer.limiter(holding)).is_free
        ):
            return (await self.make(errand)).result()
        response = await self._performer.request(errand)
        if response.status >= 400 or limiter.may_learn(response.headers):
            self._pacer.learn(holding, _target(holding, errand.spec), response)
        if error := _failure(errand, response, holding):
            raise error
        return response

    @asynccontextmanager
    async def stream(self, errand: Errand) -> AsyncIterator[ResponseStream]:
        """The answer to ``errand`` in its turn, the body still to come; it is asked for once.

        Errors are those of `Performer.stream`.
        """
        holding, spec = await self._holding(errand), errand.spec
        url = _target(holding, spec) if holding else ""
        if holding is not None:
            await self._pacer.turn(holding, url, within=spec.timeout or API_LIMITS.total)
        async with self._performer.stream(errand) as answer:
            if holding is not None:
                head = Response(
                    status=answer.status, headers=answer.headers, content=b"", url=answer.url
                )
                self._pacer.learn(holding, url, head)
            yield answer

    def _held(self, errand: Errand) -> Holding | None:
        """The connection, however old what is known of it is; its limits seldom change."""
        connection_id = errand.connection_id
        holding = self._context.holdings.get(connection_id) if connection_id else None
        if holding is None or holding.record.workspace != errand.actor.workspace:
            return None
        return holding

    async def _holding(self, errand: Errand) -> Holding | None:
        """The same, read where it is not in memory; None for a request without a connection."""
        if errand.connection_id is None:
            return None
        return self._held(errand) or await self._context.hold(errand.actor, errand.connection_id)


def _target(holding: Holding, spec: RequestSpec) -> str:
    return join_target(holding.settings.base_url, spec.url)


def _failure(errand: Errand, response: Response, holding: Holding | None) -> UpstreamError | None:
    """The error that ``response`` is by its status, if it is one."""
    fail_on = errand.spec.fail_on
    if not fail_on or not has_status(fail_on, response.status):
        return None
    redactor = Redactor((*secrets_of(holding), *errand.carried.secrets))
    error = response.failure()
    error.service_message = redactor.text(error.service_message)
    return error


class _Series:
    """The attempts of one request."""

    def __init__(
        self,
        context: Context,
        pacer: Pacer,
        spec: RequestSpec,
        holding: Holding | None,
        *,
        replayable: bool,
    ) -> None:
        self.attempts: list[Attempt] = []
        self._context = context
        self._pacer = pacer
        self._spec = spec
        self._holding = holding
        self._replayable = replayable
        self._sent = 0

    async def run(self, send: Callable[[], Awaitable[Response]]) -> Response | GrantlineError:
        """The last answer, or why there was none."""
        clock = self._context.clock
        began, wait = clock.now(), NO_TIME
        while True:
            if wait:
                await clock.sleep(wait)
            result, waited, at = await self._attempt(send)
            now = clock.now()
            decision = _decision(
                self._context,
                self._spec,
                self._holding,
                result,
                made=len(self.attempts) + 1,
                spent=now - began,
                replayable=self._replayable,
            )
            response = result if isinstance(result, Response) else None
            self._sent += response.attempts if response else 1
            self.attempts.append(
                Attempt(
                    at=at,
                    waited=wait + waited,
                    elapsed=now - at,
                    status=response.status if response else None,
                    error_code="" if isinstance(result, Response) else result.code,
                    reason=decision.reason,
                )
            )
            if decision.wait is not None:
                wait = decision.wait
            elif response is None:
                return result
            else:
                return replace(response, attempts=self._sent, elapsed=now - began)

    async def _attempt(
        self, send: Callable[[], Awaitable[Response]]
    ) -> tuple[Response | GrantlineError, timedelta, datetime]:
        """What came of one attempt, how long it waited for its turn, and when it began."""
        clock, holding, spec = self._context.clock, self._holding, self._spec
        waited, at = NO_TIME, clock.now()
        try:
            if holding is None:
                return await send(), waited, at
            url = _target(holding, spec)
            waited = await self._pacer.turn(holding, url, within=spec.timeout or API_LIMITS.total)
            at = clock.now() if waited else at
            response = await send()
        except GrantlineError as error:
            return error, waited, at
        self._pacer.learn(holding, url, response)
        return response, waited, at


def _decision(
    context: Context,
    spec: RequestSpec,
    holding: Holding | None,
    result: Response | GrantlineError,
    *,
    made: int,
    spent: timedelta,
    replayable: bool = True,
) -> Decision:
    """Whether the request is sent again after ``result``, the ``made``-th one."""
    policy = spec.retry
    if policy is None:
        return ONCE
    rules = rules_of(holding)
    random = int.from_bytes(context.entropy(_RANDOM_BYTES)) / 256**_RANDOM_BYTES
    return next_attempt(
        policy,
        result,
        method=spec.method,
        made=made,
        spent=spent,
        now=context.clock.now(),
        randomness=random,
        replayable=replayable,
        rules=rules.retry,
        limits=rules.rate_limit,
    )

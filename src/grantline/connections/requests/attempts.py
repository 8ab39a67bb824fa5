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
from grantline.calls.bodies.upload import Upload
from grantline.calls.request import RequestSpec
from grantline.calls.statuses import has_status
from grantline.calls.target import join_target
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.credential_rows import NOTHING, Carried
from grantline.connections.renewal.holding import Holding
from grantline.connections.requests.pacing import Pacer
from grantline.connections.requests.perform import Performer
from grantline.connections.requests.redaction import Redactor, secrets_of
from grantline.connections.requests.run_cookies import RunCookies
from grantline.connections.requests.service import rules_of
from grantline.errors import GrantlineError, TransportFailed, UpstreamError
from grantline.messages import DIRECT, Route
from grantline.net.transport import API_LIMITS, STREAM_LIMITS, Limits

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

    async def make(
        self,
        actor: Actor,
        spec: RequestSpec,
        *,
        connection_id: str | None = None,
        carried: Carried = NOTHING,
        upload: Upload | None = None,
        route: Route = DIRECT,
        cookies: RunCookies | None = None,
        limits: Limits = API_LIMITS,
    ) -> Outcome:
        """What became of ``spec``. Errors of the request are part of that, and are not raised.

        Arguments are those of `Performer.request`. Without ``cookies`` the request has a jar of its
        own.
        """
        try:
            holding = await self._holding(actor, connection_id)
        except GrantlineError as refused:
            return Outcome(response=None, error=refused)
        send = partial(
            self._performer.request,
            actor,
            connection_id,
            spec,
            carried=carried,
            upload=upload,
            route=route,
            cookies=RunCookies() if cookies is None else cookies,
            limits=limits,
        )
        replayable = upload is None or upload.source.replayable
        return await self._series(spec, send, holding, carried, replayable=replayable)

    async def repeated(
        self,
        actor: Actor,
        spec: RequestSpec,
        send: Callable[[], Awaitable[Response]],
        *,
        connection_id: str | None = None,
        carried: Carried = NOTHING,
    ) -> Outcome:
        """The same for who sends ``spec`` in a way of his own, which can be repeated."""
        try:
            holding = await self._holding(actor, connection_id)
        except GrantlineError as refused:
            return Outcome(response=None, error=refused)
        return await self._series(spec, send, holding, carried, replayable=True)

    async def again(
        self,
        actor: Actor,
        connection_id: str | None,
        spec: RequestSpec,
        error: TransportFailed | UpstreamError,
        *,
        made: int,
        spent: timedelta,
    ) -> timedelta | None:
        """How long to wait before ``spec`` is streamed again; None when it is not."""
        holding = await self._holding(actor, connection_id)
        response = error.response if isinstance(error, UpstreamError) else None
        result = response if isinstance(response, Response) else error
        return _decision(self._context, spec, holding, result, made=made, spent=spent).wait

    async def _series(
        self,
        spec: RequestSpec,
        send: Callable[[], Awaitable[Response]],
        holding: Holding | None,
        carried: Carried,
        *,
        replayable: bool,
    ) -> Outcome:
        series = _Series(self._context, self._pacer, spec, holding, replayable=replayable)
        result = await series.run(send)
        if not isinstance(result, Response):
            return Outcome(response=None, error=result, attempts=tuple(series.attempts))
        error = _failure(spec, result, holding, carried)
        return Outcome(response=result, error=error, attempts=tuple(series.attempts))

    async def answer(
        self, actor: Actor, spec: RequestSpec, connection_id: str | None, carried: Carried = NOTHING
    ) -> Response:
        """The answer to ``spec``, for who does not ask how it came about; raises its error.

        A request that is sent once, by a connection whose service is not known to have limits,
        needs nothing of what `make` keeps; programs make most of theirs so.
        """
        holding = self._context.holdings.get(connection_id) if connection_id else None
        if (
            holding is None
            or holding.record.workspace != actor.workspace
            or spec.retry is not None
            or not (limiter := self._pacer.limiter(holding)).is_free
        ):
            made = await self.make(actor, spec, connection_id=connection_id, carried=carried)
            return made.result()
        response = await self._performer.request(
            actor, connection_id, spec, carried=carried, cookies=RunCookies()
        )
        if response.status >= 400 or limiter.may_learn(response.headers):
            url = join_target(holding.settings.base_url, spec.url)
            self._pacer.learn(holding, url, response)
        if error := _failure(spec, response, holding, carried):
            raise error
        return response

    @asynccontextmanager
    async def stream(
        self,
        actor: Actor,
        connection_id: str | None,
        spec: RequestSpec,
        *,
        carried: Carried = NOTHING,
        upload: Upload | None = None,
        route: Route = DIRECT,
        cookies: RunCookies | None = None,
        limits: Limits = STREAM_LIMITS,
    ) -> AsyncIterator[ResponseStream]:
        """The answer to ``spec`` in its turn, the body still to come; it is asked for once.

        Arguments and errors are those of `Performer.stream`.
        """
        holding = await self._holding(actor, connection_id)
        url = ""
        if holding is not None:
            url = join_target(holding.settings.base_url, spec.url)
            await self._pacer.turn(holding, url, within=spec.timeout or API_LIMITS.total)
        async with self._performer.stream(
            actor,
            connection_id,
            spec,
            carried=carried,
            upload=upload,
            route=route,
            cookies=cookies,
            limits=limits,
        ) as answer:
            if holding is not None:
                head = Response(
                    status=answer.status, headers=answer.headers, content=b"", url=answer.url
                )
                self._pacer.learn(holding, url, head)
            yield answer

    async def _holding(self, actor: Actor, connection_id: str | None) -> Holding | None:
        """The connection, however old what is known of it is; its limits seldom change."""
        if connection_id is None:
            return None
        holding = self._context.holdings.get(connection_id)
        if holding is not None and holding.record.workspace == actor.workspace:
            return holding
        return await self._context.hold(actor, connection_id)


def _failure(
    spec: RequestSpec,
    response: Response,
    holding: Holding | None,
    carried: Carried,
) -> UpstreamError | None:
    """The error that ``response`` is by its status, if it is one."""
    if not spec.fail_on or not has_status(spec.fail_on, response.status):
        return None
    redactor = Redactor((*secrets_of(holding), *carried.secrets))
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
            url = join_target(holding.settings.base_url, spec.url)
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

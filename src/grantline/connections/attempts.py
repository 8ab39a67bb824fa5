"""Making a request until it succeeds or nothing more may be tried, and judging its answer.

`grantline.connections.perform` makes one exchange; what happens around it is here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from grantline.calls.attempt import Attempt
from grantline.calls.request import RequestSpec
from grantline.calls.response import Response
from grantline.calls.retry import Decision, Reason, next_attempt
from grantline.calls.statuses import has_status
from grantline.calls.upload import Upload
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials import RequestCredential
from grantline.connections.perform import Performer
from grantline.connections.redaction import Redactor, secrets_of, secrets_of_credential
from grantline.errors import GrantlineError
from grantline.messages import DIRECT, Route

ONCE: Final = Decision(Reason.ONCE)
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

    async def make(
        self,
        actor: Actor,
        spec: RequestSpec,
        *,
        connection_id: str | None = None,
        credential: RequestCredential | None = None,
        upload: Upload | None = None,
        route: Route = DIRECT,
    ) -> Outcome:
        """What became of ``spec``. Errors of the request are part of that, and are not raised.

        Arguments are those of `Performer.request`.
        """
        context = self._context
        began = at = context.clock.now()
        made: list[Attempt] = []
        sent, waited = 0, timedelta(0)
        while True:
            outcome = await self._once(
                actor, connection_id, spec, credential=credential, upload=upload, route=route
            )
            now = context.clock.now()
            decision = self._decision(
                spec,
                outcome,
                made=len(made) + 1,
                spent=now - began,
                replayable=upload is None or upload.source.replayable,
            )
            response = outcome if isinstance(outcome, Response) else None
            sent += response.attempts if response else 1
            made.append(
                Attempt(
                    at=at,
                    waited=waited,
                    elapsed=now - at,
                    status=response.status if response else None,
                    error_code="" if isinstance(outcome, Response) else outcome.code,
                    reason=decision.reason,
                )
            )
            if decision.wait is None:
                break
            waited = decision.wait
            await context.clock.sleep(waited)
            at = context.clock.now()
        if not isinstance(outcome, Response):
            return Outcome(response=None, error=outcome, attempts=tuple(made))
        response = replace(
            outcome,
            attempts=sent,
            elapsed=context.clock.now() - began,
            parse_response=spec.parse_response,
        )
        error = None
        if has_status(spec.fail_on, response.status):
            holding = context.holdings.get(connection_id) if connection_id else None
            redactor = Redactor((*secrets_of(holding), *secrets_of_credential(credential)))
            error = response.failure()
            error.service_message = redactor.text(error.service_message)
        return Outcome(response=response, error=error, attempts=tuple(made))

    async def _once(
        self,
        actor: Actor,
        connection_id: str | None,
        spec: RequestSpec,
        *,
        credential: RequestCredential | None,
        upload: Upload | None,
        route: Route,
    ) -> Response | GrantlineError:
        try:
            return await self._performer.request(
                actor, connection_id, spec, credential=credential, upload=upload, route=route
            )
        except GrantlineError as error:
            return error

    def _decision(
        self,
        spec: RequestSpec,
        outcome: Response | GrantlineError,
        *,
        made: int,
        spent: timedelta,
        replayable: bool,
    ) -> Decision:
        if spec.retry is None:
            return ONCE
        random = int.from_bytes(self._context.entropy(_RANDOM_BYTES)) / 256**_RANDOM_BYTES
        return next_attempt(
            spec.retry,
            outcome,
            method=spec.method,
            made=made,
            spent=spent,
            now=self._context.clock.now(),
            randomness=random,
            replayable=replayable,
        )

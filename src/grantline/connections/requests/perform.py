"""Performing one request, read whole or streamed: the one place where a secret meets a URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.answers.response_stream import ResponseStream
from grantline.calls.request import build_request
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import checked_credential
from grantline.connections.renewal.tokens import Tokens
from grantline.connections.requests.caller import AsConnection, AsCredential, AsNobody, Proofs
from grantline.connections.requests.errand import Errand
from grantline.connections.requests.expiry import may_say_expired, says_expired
from grantline.connections.requests.journey import Journey, R, Send, travel
from grantline.connections.requests.uses import Uses
from grantline.messages import HttpRequest, StreamedResponse
from grantline.net.transport import Limits

NOT_SENT_AGAIN: Final = (
    "The service refused the token. It was renewed, but the body could be read only once, so the "
    "request was not sent again. Make it again."
)


class Performer:
    """Makes requests with the tokens of connections, with credentials, or with neither."""

    def __init__(self, context: Context, tokens: Tokens) -> None:
        self._context = context
        self._tokens = tokens
        self._proofs = Proofs(context.moment)
        self._uses = Uses(context, context.store.touch)

    async def request(self, errand: Errand) -> Response:
        """The service's answer to ``errand``, whatever its status.

        A 401, or what the app's settings name as a sign of expiry, renews the token once and
        sends the request once more, if its body can be had again.

        Raises:
            EgressBlocked: The URL or a host may not be reached, or not with this secret.
            ConnectionUnusable: There is no token to be had.
            GrantlineError: The request could not be made.
        """
        context = self._context
        started_at = context.clock.now()
        journey = await self._perform(errand, context.transport.send, started_at)
        answer = journey.response
        return Response(
            status=answer.status,
            headers=answer.headers,
            content=answer.body,
            url=journey.url,
            redirects=journey.redirects,
            elapsed=context.clock.now() - started_at,
            attempts=journey.attempts,
            notice=journey.notice,
            parse_response=errand.spec.parse_response,
        )

    @asynccontextmanager
    async def stream(self, errand: Errand) -> AsyncIterator[ResponseStream]:
        """The same, the body still to come; leaving the block ends the exchange.

        Errors are those of `request`; the limits of ``errand`` may cap what arrives.
        """
        context = self._context
        started_at = context.clock.now()
        async with AsyncExitStack() as stack:

            async def send(
                request: HttpRequest, *, limits: Limits, partition: str
            ) -> StreamedResponse:
                await stack.aclose()  # only the last answer of a journey is read
                opening = context.transport.stream(request, limits=limits, partition=partition)
                return await stack.enter_async_context(opening)

            journey = await self._perform(errand, send, started_at)
            answer = journey.response
            yield ResponseStream(
                status=answer.status,
                headers=answer.headers,
                chunks=answer.chunks,
                url=journey.url,
                redirects=journey.redirects,
                elapsed=context.clock.now() - started_at,
                attempts=journey.attempts,
                notice=journey.notice,
            )

    async def _perform(self, errand: Errand, send: Send[R], at: datetime) -> Journey[R]:
        """The journey of ``errand``, a second one included where the token had ended."""
        caller, now = self._held(errand, at) or await self._caller(errand), self._context.clock.now
        request = errand.carried.on(
            build_request(
                errand.spec,
                base_url=caller.base_url,
                upload=errand.upload,
                route=errand.route,
            )
        )
        journey = await travel(errand, caller, request, send, now)
        if errand.connection_id is not None:
            self._uses.note(errand.connection_id, at)
        if not isinstance(caller, AsConnection) or not journey.as_caller:
            return journey
        holding = caller.holding
        if not may_say_expired(holding.settings, journey.response.status):
            return journey
        expired, journey.response = await says_expired(holding.settings, journey.response)
        if not expired or not holding.renewable:
            return journey
        holding = await self._tokens.usable(
            errand.actor, holding.record.id, rejected=holding.granted.access_token
        )
        if not request.replayable:
            journey.notice = NOT_SENT_AGAIN
            return journey
        journey = await travel(errand, AsConnection(holding, self._proofs), request, send, now)
        journey.attempts = 2
        return journey

    def _held(self, errand: Errand, at: datetime) -> AsConnection | None:
        """The caller of most requests: a connection whose token is in memory, and can be used."""
        if errand.connection_id is None:
            return None
        holding = self._tokens.held(errand.actor, errand.connection_id, at)
        return AsConnection(holding, self._proofs) if holding else None

    async def _caller(self, errand: Errand) -> AsConnection | AsNobody:
        actor, credential = errand.actor, errand.carried.credential
        if errand.connection_id is not None:
            holding = await self._tokens.usable(actor, errand.connection_id)
            return AsConnection(holding, self._proofs)
        if credential is not None:
            return AsCredential(actor, checked_credential(credential, errand.spec.url))
        return AsNobody(actor)

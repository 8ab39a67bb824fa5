"""Performing one request, read whole or streamed: the one place where a secret meets a URL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.answers.response_stream import ResponseStream
from grantline.calls.bodies.upload import Upload
from grantline.calls.request import RequestSpec, build_request
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials.authentication import RequestCredential, checked_credential
from grantline.connections.credentials.credential_rows import NOTHING, Carried
from grantline.connections.renewal.tokens import Tokens
from grantline.connections.requests.caller import AsConnection, AsCredential, AsNobody, Proofs
from grantline.connections.requests.expiry import may_say_expired, says_expired
from grantline.connections.requests.journey import Journey, R, Send, travel
from grantline.connections.requests.run_cookies import RunCookies
from grantline.connections.requests.uses import Uses
from grantline.messages import DIRECT, HttpRequest, HttpResponse, Route, StreamedResponse
from grantline.net.transport import API_LIMITS, STREAM_LIMITS, Limits

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

    async def request(
        self,
        actor: Actor,
        connection_id: str | None,
        spec: RequestSpec,
        *,
        carried: Carried = NOTHING,
        upload: Upload | None = None,
        route: Route = DIRECT,
        cookies: RunCookies | None = None,
        limits: Limits = API_LIMITS,
    ) -> Response:
        """The service's answer to ``spec``, whatever its status.

        A 401, or what the app's settings name as a sign of expiry, renews the token once and
        sends the request once more, if its body can be had again.

        Args:
            actor: Who asks.
            connection_id: Whose token goes along; None for none.
            spec: The request.
            carried: What goes along in its place, or beside it.
            upload: A body that takes the place of the content of ``spec``.
            route: How the request travels.
            cookies: Those of the run that the request is part of.
            limits: What the exchange may cost; ``spec`` may shorten its times.

        Raises:
            EgressBlocked: The URL or a host may not be reached, or not with this secret.
            ConnectionUnusable: There is no token to be had.
            GrantlineError: The request could not be made.
        """
        started_at = self._context.clock.now()
        caller = await self._caller(actor, connection_id, carried.credential, spec.url, started_at)
        request = carried.on(
            build_request(spec, base_url=caller.base_url, upload=upload, route=route)
        )
        transport, now = self._context.transport, self._context.clock.now
        limits, partition = _limits(spec, limits), caller.partition

        async def send(request: HttpRequest) -> HttpResponse:
            if cookies is None:
                return await transport.send(request, limits=limits, partition=partition)
            request = cookies.put_on(request, partition, now)
            response = await transport.send(request, limits=limits, partition=partition)
            cookies.learn(request.url, response, partition, now)
            return response

        journey, attempts, notice = await self._perform(actor, caller, request, send, spec)
        if connection_id is not None:
            self._uses.note(connection_id, started_at)
        return Response(
            status=journey.response.status,
            headers=journey.response.headers,
            content=journey.response.body,
            url=journey.url,
            redirects=journey.redirects,
            elapsed=now() - started_at,
            attempts=attempts,
            notice=notice,
            parse_response=spec.parse_response,
        )

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
        """The same, the body still to come; leaving the block ends the exchange.

        Arguments and errors are those of `request`; ``limits`` may cap what arrives.
        """
        started_at = self._context.clock.now()
        caller = await self._caller(actor, connection_id, carried.credential, spec.url, started_at)
        request = carried.on(
            build_request(spec, base_url=caller.base_url, upload=upload, route=route)
        )
        now, partition = self._context.clock.now, caller.partition
        open_stream = partial(
            self._context.transport.stream, limits=_limits(spec, limits), partition=partition
        )
        async with AsyncExitStack() as stack:

            async def send(request: HttpRequest) -> StreamedResponse:
                await stack.aclose()  # only the last answer of a journey is read
                if cookies is None:
                    return await stack.enter_async_context(open_stream(request))
                request = cookies.put_on(request, partition, now)
                answer = await stack.enter_async_context(open_stream(request))
                cookies.learn(request.url, answer.head, partition, now)
                return answer

            journey, attempts, notice = await self._perform(actor, caller, request, send, spec)
            if connection_id is not None:
                self._uses.note(connection_id, started_at)
            yield ResponseStream(
                status=journey.response.status,
                headers=journey.response.headers,
                chunks=journey.response.chunks,
                url=journey.url,
                redirects=journey.redirects,
                elapsed=now() - started_at,
                attempts=attempts,
                notice=notice,
            )

    async def _caller(
        self,
        actor: Actor,
        connection_id: str | None,
        credential: RequestCredential | None,
        url: str,
        now: datetime,
    ) -> AsConnection | AsNobody:
        if connection_id is not None:
            holding = self._tokens.held(actor, connection_id, now)
            if holding is None:
                holding = await self._tokens.usable(actor, connection_id)
            return AsConnection(holding, self._proofs)
        if credential is not None:
            return AsCredential(actor, checked_credential(credential, url))
        return AsNobody(actor)

    async def _perform(
        self,
        actor: Actor,
        caller: AsConnection | AsNobody,
        request: HttpRequest,
        send: Send[R],
        spec: RequestSpec,
    ) -> tuple[Journey[R], int, str]:
        """A journey, how often its request was sent, and what has to be said about it."""
        follow = spec.follow_redirects
        journey = await travel(caller, request, send, follow_redirects=follow)
        if not isinstance(caller, AsConnection) or not journey.as_caller:
            return journey, 1, ""
        holding = caller.holding
        if not may_say_expired(holding.settings, journey.response.status):
            return journey, 1, ""
        expired, journey.response = await says_expired(holding.settings, journey.response)
        if not expired or not holding.renewable:
            return journey, 1, ""
        holding = await self._tokens.usable(
            actor, holding.record.id, rejected=holding.granted.access_token
        )
        if not request.replayable:
            return journey, 1, NOT_SENT_AGAIN
        caller = AsConnection(holding, self._proofs)
        return await travel(caller, request, send, follow_redirects=follow), 2, ""


def _limits(spec: RequestSpec, limits: Limits) -> Limits:
    if spec.timeout is None and spec.connect_timeout is None:
        return limits
    return replace(
        limits,
        total=spec.timeout or limits.total,
        connect=spec.connect_timeout or limits.connect,
    )

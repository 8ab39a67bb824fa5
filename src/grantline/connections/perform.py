"""Making an authenticated request: the one place where a token meets a URL.

The token is put on at the last moment, for each hop anew, and only for a host of the
connection's list. A redirect to another origin goes on without it, and it does not come back.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from grantline.calls.hosts import matches
from grantline.calls.redirect import REDIRECT_STATUSES, Hop, next_hop
from grantline.calls.request import RequestSpec, build_request
from grantline.calls.response import Response
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.holding import Holding
from grantline.connections.tokens import Tokens
from grantline.errors import EgressBlocked, StoreBusy
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.address import is_closed
from grantline.net.transport import API_LIMITS, Limits
from grantline.oauth.dpop import Dpop, asks_for_nonce
from grantline.oauth.parameters import append_query, query_parameters
from grantline.oauth.placement import place, place_token
from grantline.url import parse_url

NOTE_USE_EVERY: Final = timedelta(minutes=1)


class Performer:
    """Makes requests with the tokens of connections."""

    def __init__(self, context: Context, tokens: Tokens) -> None:
        self._context = context
        self._tokens = tokens
        self._dpop: dict[str, Dpop] = {}
        self._used: dict[str, datetime] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def request(self, actor: Actor, connection_id: str, spec: RequestSpec) -> Response:
        """The service's answer to ``spec``, whatever its status.

        A 401, or what the app's settings name as a sign of expiry, renews the token once and
        sends the request once more; bodies are bytes, so every request can be replayed.

        Raises:
            EgressBlocked: The URL or a host may not be reached, or not with this token.
            ConnectionUnusable: There is no token to be had.
            GrantlineError: The request could not be made.
        """
        clock = self._context.clock
        started_at = clock.now()
        holding = self._tokens.held(actor, connection_id, started_at)
        if holding is None:
            holding = await self._tokens.usable(actor, connection_id)
        request = build_request(spec, base_url=holding.settings.base_url)
        _check_host(holding, request)
        limits = API_LIMITS if spec.timeout is None else replace(API_LIMITS, total=spec.timeout)
        journey = await self._travel(holding, request, spec, limits)
        attempts = 1
        if journey.with_token and _says_expired(holding, journey.response) and holding.renewable:
            holding = await self._tokens.usable(
                actor, connection_id, rejected=holding.granted.access_token
            )
            _check_host(holding, request)
            journey = await self._travel(holding, request, spec, limits)
            attempts = 2
        self._note_use(connection_id, started_at)
        return Response(
            status=journey.response.status,
            headers=journey.response.headers,
            content=journey.response.body,
            url=journey.url,
            redirects=journey.redirects,
            elapsed=clock.now() - started_at,
            attempts=attempts,
        )

    async def settle(self) -> None:
        """Waits until every use is noted."""
        if self._notes:
            await asyncio.wait(self._notes)

    async def _travel(
        self, holding: Holding, request: HttpRequest, spec: RequestSpec, limits: Limits
    ) -> _Journey:
        response = await self._send_with_token(holding, request, limits)
        # Most answers are no redirect, and every request passes here.
        if response.status not in REDIRECT_STATUSES or not spec.follow_redirects:
            return _Journey(response, request.url)
        last, urls = Hop(request), [request.url]
        while (hop := next_hop(last, response)) is not None:
            last = _without_token(hop, holding)
            urls.append(last.request.url)
            if last.credentials:
                response = await self._send_with_token(holding, last.request, limits)
            else:
                response = await self._context.transport.send(
                    last.request, limits=limits, partition=holding.record.id
                )
        return _Journey(response, urls[-1], tuple(urls[:-1]), with_token=last.credentials)

    async def _send_with_token(
        self, holding: Holding, request: HttpRequest, limits: Limits
    ) -> HttpResponse:
        send, connection_id = self._context.transport.send, holding.record.id
        credential = holding.credential
        if credential.bound is None:
            placed = place(request, credential)
            return await send(placed, limits=limits, partition=connection_id)
        placed = self._with_proof(holding, request)
        response = await send(placed, limits=limits, partition=connection_id)
        self._learn(holding, placed, response)
        if asks_for_nonce(response):
            placed = self._with_proof(holding, request)
            response = await send(placed, limits=limits, partition=connection_id)
        return response

    def _with_proof(self, holding: Holding, request: HttpRequest) -> HttpRequest:
        return place_token(
            request,
            settings=holding.settings,
            tokens=holding.granted,
            moment=self._context.moment(),
            dpop=self._dpop_of(holding),
        )

    def _learn(self, holding: Holding, request: HttpRequest, response: HttpResponse) -> None:
        """Keeps the nonce that the service wants in the next proof (RFC 9449 section 8.2)."""
        dpop = self._dpop_of(holding)
        if dpop is not None:
            self._dpop[holding.record.id] = dpop.learned(response, request=request)

    def _dpop_of(self, holding: Holding) -> Dpop | None:
        """The connection's key, with the nonces learned for this very key."""
        learned = self._dpop.get(holding.record.id)
        same = learned is not None and holding.dpop is not None and learned.key == holding.dpop.key
        return learned if same else holding.dpop

    def _note_use(self, connection_id: str, at: datetime) -> None:
        """Writes down that the connection is in use, at most once a minute and beside the work."""
        noted = self._used.get(connection_id)
        if noted is not None and at - noted < NOTE_USE_EVERY:
            return
        self._used[connection_id] = at
        task = asyncio.get_running_loop().create_task(self._touch(connection_id, at))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _touch(self, connection_id: str, at: datetime) -> None:
        # A use that could not be noted must not fail the request that it notes.
        with suppress(StoreBusy):
            await self._context.stored(self._context.store.touch, connection_id, at)


@dataclass(slots=True)
class _Journey:
    """An answer and the way to it, tokens left out of the URLs."""

    response: HttpResponse
    url: str
    redirects: tuple[str, ...] = ()
    with_token: bool = True


def _check_host(holding: Holding, request: HttpRequest) -> None:
    url = parse_url(request.url)
    if matches(holding.hosts, url.host):
        return
    name = holding.record.name
    hint = (
        f"If {url.host} belongs to the service, run: "
        f"grantline connection edit {name} --add-host {url.host}"
    )
    if url.address is not None and is_closed(url.address):
        hint = "No setting allows this address."
    raise EgressBlocked(
        f"The token of “{name}” may not go to {url.host}.",
        rule="host_not_allowed",
        address=url.host,
        setting="hosts",
        hint=hint,
    )


def _without_token(hop: Hop, holding: Holding) -> Hop:
    """``hop`` without the token that a service has copied from our query into its redirect."""
    url, name = hop.request.url, holding.settings.query_name
    own = (name, holding.granted.access_token.reveal())
    pairs = query_parameters(url)
    if own not in pairs:
        return hop
    kept = tuple(pair for pair in pairs if pair != own)
    bare = append_query(url.partition("#")[0].partition("?")[0], kept)
    return replace(hop, request=replace(hop.request, url=bare))


def _says_expired(holding: Holding, response: HttpResponse) -> bool:
    settings = holding.settings
    if response.status == 401 or response.status in settings.expired_statuses:
        return True
    texts = settings.expired_body_matches
    return bool(texts) and any(text.encode() in response.body for text in texts if text)

"""Making an authenticated request: the one place where a token meets a URL.

The token is put on at the last moment, for each hop anew, and only for a host of the
connection's list. A redirect to another origin goes on without it, and it does not come back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from grantline.calls.hosts import HostList
from grantline.calls.redirect import Hop, next_hop
from grantline.calls.request import RequestSpec, build_request
from grantline.calls.response import Response
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.holding import Holding
from grantline.connections.renewal import dpop_of
from grantline.connections.tokens import Tokens
from grantline.errors import EgressBlocked
from grantline.messages import HttpRequest, HttpResponse
from grantline.net.transport import API_LIMITS, Limits
from grantline.oauth.dpop import Dpop, asks_for_nonce
from grantline.oauth.placement import place_token
from grantline.url import parse_url

NOTE_USE_EVERY: Final = timedelta(minutes=1)


class Performer:
    """Makes requests with the tokens of connections."""

    def __init__(self, context: Context, tokens: Tokens) -> None:
        self._context = context
        self._tokens = tokens
        self._nonces: dict[str, Dpop] = {}

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
        holding = self._tokens.held(actor, connection_id, clock.now())
        if holding is None:
            holding = await self._tokens.usable(actor, connection_id)
        request = build_request(spec, base_url=holding.settings.base_url)
        limits = API_LIMITS if spec.timeout is None else replace(API_LIMITS, total=spec.timeout)
        started_at = clock.now()
        response, redirects = await self._journey(holding, request, spec, limits)
        if says_expired(holding, response):
            tokens = holding.tokens
            holding = await self._tokens.usable(
                actor, connection_id, rejected=tokens.access_token if tokens else None
            )
            response, redirects = await self._journey(holding, request, spec, limits)
        self._note_use(holding, started_at)
        return Response(
            status=response.status,
            headers=response.headers,
            content=response.body,
            url=redirects[-1] if redirects else request.url,
            redirects=redirects,
            elapsed=clock.now() - started_at,
        )

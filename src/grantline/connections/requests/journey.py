"""The way of one request: sent, asked for in another form, redirected; until there is an answer.

There is one way for all: with a token, a credential or nothing, and whether the answer is read
whole or streamed. A redirect to another origin goes on without any secret, and it does not come
back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from grantline.calls.redirect import REDIRECT_STATUSES, Hop, next_hop
from grantline.connections.requests.caller import Caller
from grantline.connections.requests.errand import Errand
from grantline.messages import HttpRequest, HttpResponse, StreamedResponse
from grantline.net.transport import Limits

R = TypeVar("R", HttpResponse, StreamedResponse)
R_co = TypeVar("R_co", HttpResponse, StreamedResponse, covariant=True)


class Send(Protocol[R_co]):
    """Sends one request, as `Transport.send` does."""

    async def __call__(self, request: HttpRequest, *, limits: Limits, partition: str) -> R_co:
        """The answer to ``request``."""


@dataclass(slots=True)
class Journey(Generic[R]):
    """An answer and the way to it, secrets left out of the URLs.

    Attributes:
        response: The answer.
        url: What was asked last.
        redirects: What was asked before.
        as_caller: Whether the last request carried the caller's secret.
        attempts: How often it was begun: 2 when the token was renewed in between.
        notice: What has to be said about it; empty for nothing.
    """

    response: R
    url: str
    redirects: tuple[str, ...] = ()
    as_caller: bool = True
    attempts: int = 1
    notice: str = ""


async def travel(
    errand: Errand,
    caller: Caller,
    request: HttpRequest,
    send: Send[R],
    now: Callable[[], datetime],
) -> Journey[R]:
    """The answer to ``request``, which ``errand`` became, made as ``caller``.

    Raises:
        EgressBlocked: A URL or a host may not be reached, or not with this secret.
        LimitExceeded: The service redirects in a circle.
    """
    limits, cookies, partition = errand.shortened_limits, errand.cookies, caller.partition
    before: list[str] = []
    as_caller, asked_again = True, False
    while True:
        placed = caller.placed(request) if as_caller else request
        placed = cookies.put_on(placed, partition, now)
        response = await send(placed, limits=limits, partition=partition)
        cookies.learn(placed.url, response.headers, partition, now)
        if as_caller and not asked_again and caller.wants_again(placed, response.head):
            asked_again = request.replayable
            if asked_again:
                continue
        # Most answers are no redirect, and every request passes here.
        if response.status not in REDIRECT_STATUSES or not errand.spec.follow_redirects:
            break
        hop = next_hop(Hop(request, as_caller, len(before)), response)
        if hop is None:
            break
        before.append(request.url)
        hop = caller.bare(hop)
        request, as_caller, asked_again = hop.request, hop.credentials, False
    return Journey(response, request.url, tuple(before), as_caller)

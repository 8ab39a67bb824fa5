"""The way of one request: sent, asked for in another form, redirected; until there is an answer.

There is one way for all: with a token, a credential or nothing, and whether the answer is read
whole or streamed. A redirect to another origin goes on without any secret, and it does not come
back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from grantline.calls.redirect import REDIRECT_STATUSES, Hop, next_hop
from grantline.connections.requests.caller import Caller
from grantline.messages import HttpRequest, HttpResponse, StreamedResponse

R = TypeVar("R", HttpResponse, StreamedResponse)
Send = Callable[[HttpRequest], Awaitable[R]]


@dataclass(slots=True)
class Journey(Generic[R]):
    """An answer and the way to it, secrets left out of the URLs.

    Attributes:
        response: The answer.
        url: What was asked last.
        redirects: What was asked before.
        as_caller: Whether the last request carried the caller's secret.
    """

    response: R
    url: str
    redirects: tuple[str, ...] = ()
    as_caller: bool = True


async def travel(
    caller: Caller, request: HttpRequest, send: Send[R], *, follow_redirects: bool
) -> Journey[R]:
    """The answer to ``request``, made as ``caller``.

    Raises:
        EgressBlocked: A URL or a host may not be reached, or not with this secret.
        LimitExceeded: The service redirects in a circle.
    """
    response = await _send_as(caller, request, send)
    # Most answers are no redirect, and every request passes here.
    if response.status not in REDIRECT_STATUSES or not follow_redirects:
        return Journey(response, request.url)
    last, urls = Hop(request), [request.url]
    while (hop := next_hop(last, response)) is not None:
        last = caller.bare(hop)
        urls.append(last.request.url)
        if last.credentials:
            response = await _send_as(caller, last.request, send)
        else:
            response = await send(last.request)
    return Journey(response, urls[-1], tuple(urls[:-1]), last.credentials)


async def _send_as(caller: Caller, request: HttpRequest, send: Send[R]) -> R:
    placed = caller.placed(request)
    response = await send(placed)
    if caller.wants_again(placed, response.head) and request.replayable:
        response = await send(caller.placed(request))
    return response

"""What every integration decides alike: where a token goes, and what an answer asks for.

The libraries differ in how they hold and send a request. They agree that the token is placed
before the first hop, stays within the connection's hosts whatever the library does with
redirects, and is renewed once when an answer refuses it.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from anyio.to_thread import run_sync

from grantline.client.async_connection import AsyncConnection
from grantline.client.bearer import Bearer
from grantline.client.connection import Connection
from grantline.errors import ConfigurationError, EgressBlocked
from grantline.messages import HttpRequest, HttpResponse
from grantline.secret import Secret
from grantline.url import parse_url

AnyConnection = Connection | AsyncConnection

# The headers in which a token, or the proof beside it, travels.
PLACED_HEADERS: Final = ("Authorization", "DPoP")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that is worth sending once more.

    Attributes:
        request: Without a token.
        rejected: The token that was refused; None when the same one will do.
    """

    request: HttpRequest
    rejected: Secret | None


def next_attempt(
    bearer: Bearer, first_url: str, request: HttpRequest, response: HttpResponse
) -> Attempt | None:
    """What to send once more after ``response`` came to ``request``, if anything.

    ``request`` is the last hop: the one that was refused, and so the one to repeat. A hop may
    stay at home and yet have lost its token (it was in the query) or carry a proof made for
    another URL; that says nothing of the token. A hop on another origin gets none.
    """
    if is_away(first_url, request.url):
        return None
    bare = bearer.removed(request)
    needs_proof = bearer.needs_another_proof(request, response)
    if bare == request or (bearer.is_bound and request.url != first_url):
        needs_proof = response.status == 401
    if needs_proof:
        return Attempt(bare, None)
    return Attempt(bare, bearer.token) if bearer.is_refused_by(response) else None


def carry_token(headers: MutableMapping[str, str], bearer: Bearer, bare: HttpRequest) -> str:
    """Makes ``headers``, those of a library's request, carry the token; the URL to ask then.

    Args:
        headers: Changed in place.
        bearer: The token.
        bare: The same request without a token.
    """
    placed = bearer.placed(bare)
    own = {*PLACED_HEADERS, bearer.holding.settings.header_name}
    for name in own:
        headers.pop(name, None)
    for name, value in placed.headers:
        # The others are the request's own already, unless the service wants them beside a token.
        if headers.get(name) is None:
            headers[name] = value
    return placed.url


def is_away(first_url: str, url: str) -> bool:
    """Whether a hop to ``url`` has left the origin at which the request began."""
    return parse_url(url).origin != parse_url(first_url).origin


def refuse_leak(bearer: Bearer, request: HttpRequest) -> None:
    """Refuses a hop to somewhere else that would show the token there.

    A service may repeat the query in a redirect, with the token in it.

    Raises:
        EgressBlocked: ``token_in_redirect``.
    """
    if bearer.is_in(request):
        host = parse_url(request.url).host
        raise EgressBlocked(
            f"A redirect would take the connection's token to {host}.",
            rule="token_in_redirect",
            address=host,
            hint="Turn redirects off for this request, and follow its Location yourself.",
        )


def bearer_of(connection: AnyConnection, *, rejected: Secret | None = None) -> Bearer:
    """The bearer of ``connection``, for a client that waits.

    Raises:
        ConfigurationError: The connection belongs to an event loop.
    """
    if isinstance(connection, AsyncConnection):
        raise ConfigurationError(
            "A client that waits cannot use a connection that must be awaited.",
            hint="Get the connection from Connections instead of AsyncConnections.",
        )
    return connection.bearer(rejected=rejected)


async def awaited_bearer_of(connection: AnyConnection, *, rejected: Secret | None = None) -> Bearer:
    """The bearer of ``connection``, for a client that awaits; either kind will do."""
    if isinstance(connection, AsyncConnection):
        return await connection.bearer(rejected=rejected)
    return await run_sync(partial(connection.bearer, rejected=rejected))

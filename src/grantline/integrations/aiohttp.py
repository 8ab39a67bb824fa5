"""Connections for aiohttp: ``ClientSession(middlewares=(connection_middleware(connection),))``."""

from __future__ import annotations

from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from aiohttp.payload import BytesPayload
from yarl import URL

from grantline.client.bearer import Bearer
from grantline.integrations.exchange import (
    AnyConnection,
    awaited_bearer_of,
    carry_token,
    next_attempt,
    refuse_leak,
)
from grantline.messages import HttpRequest, HttpResponse


def connection_middleware(connection: AnyConnection) -> ClientMiddlewareType:
    """Carries a connection's token, and renews it once when the service refuses it.

    aiohttp asks it for every hop of a redirect: one to the connection's hosts gets the token, any
    other goes on without it. A request is sent again only if its body is in memory.
    """

    async def middleware(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        bearer = await awaited_bearer_of(connection)
        bare = _plain(request)
        if not bearer.may_go_to(bare.url):
            refuse_leak(bearer, bare)
            return await send(request)
        _carry(request, bearer, bare)
        response = await send(request)
        if request.body and not isinstance(request.body, BytesPayload):
            return response
        answer = HttpResponse(
            status=response.status,
            headers=tuple(response.headers.items()),
            body=await response.read() if bearer.reads_bodies else b"",
        )
        attempt = next_attempt(bearer, bare.url, _plain(request), answer)
        if attempt is None:
            return response
        response.release()
        if attempt.rejected is not None:
            bearer = await awaited_bearer_of(connection, rejected=attempt.rejected)
        _carry(request, bearer, attempt.request)
        return await send(request)

    return middleware


def _plain(request: ClientRequest) -> HttpRequest:
    return HttpRequest(request.method, str(request.url), tuple(request.headers.items()))


def _carry(request: ClientRequest, bearer: Bearer, bare: HttpRequest) -> None:
    url = carry_token(request.headers, bearer, bare)
    request.url = URL(url, encoded=True)

"""Requests without a connection: the same guard and the same redirects, and no token."""

from __future__ import annotations

from dataclasses import replace

from grantline.calls.redirect import Hop, next_hop
from grantline.calls.request import RequestSpec, build_request
from grantline.calls.response import Response
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.credentials import (
    KeyCredential,
    KeyPlacement,
    RequestCredential,
    check_credential_host,
    put_on,
)
from grantline.net.transport import API_LIMITS
from grantline.oauth.parameters import append_query, query_parameters


async def plain_request(
    context: Context, actor: Actor, spec: RequestSpec, credential: RequestCredential | None
) -> Response:
    """The answer to ``spec``, made with ``credential`` or with none.

    Raises:
        EgressBlocked: The URL or a host may not be reached, or not with this credential.
        GrantlineError: The request could not be made.
    """
    started_at = context.clock.now()
    limits = API_LIMITS if spec.timeout is None else replace(API_LIMITS, total=spec.timeout)
    partition = f"plain:{actor.workspace}:{actor.user}"
    hop: Hop | None = Hop(build_request(spec, base_url=""))
    urls = []
    while hop is not None:
        urls.append(hop.request.url)
        request = hop.request
        if credential is not None and hop.credentials:
            check_credential_host(request, credential)
            request = put_on(request, credential)
        response = await context.transport.send(request, limits=limits, partition=partition)
        hop = next_hop(hop, response) if spec.follow_redirects else None
        if hop is not None and credential is not None:
            hop = _without_key(hop, credential)
    return Response(
        status=response.status,
        headers=response.headers,
        content=response.body,
        url=urls[-1],
        redirects=tuple(urls[:-1]),
        elapsed=context.clock.now() - started_at,
    )


def _without_key(hop: Hop, credential: RequestCredential) -> Hop:
    """``hop`` without the key that a service has copied from our query into its redirect."""
    if not isinstance(credential, KeyCredential) or credential.placement is KeyPlacement.HEADER:
        return hop
    url = hop.request.url
    own = (credential.name, credential.value.reveal())
    pairs = query_parameters(url)
    if own not in pairs:
        return hop
    bare = append_query(
        url.partition("#")[0].partition("?")[0], tuple(each for each in pairs if each != own)
    )
    return replace(hop, request=replace(hop.request, url=bare))

"""*Resolve a URL* and *Retrieve headers*: what an answer says before its body; that is not read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from grantline.calls.answers.response import Response
from grantline.calls.redirect import MAX_REDIRECTS, Hop, next_hop
from grantline.calls.request import RequestSpec, build_request
from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.requests.attempts import Attempts
from grantline.connections.requests.caller import AsNobody
from grantline.connections.requests.errand import Errand
from grantline.connections.requests.perform import Performer
from grantline.messages import DIRECT, HttpRequest, HttpResponse, Route

# What servers say that do not know HEAD, or know it and answer it badly: then GET decides.
HEAD_REFUSED: Final = 400


@dataclass(frozen=True, slots=True)
class Step:
    """One URL on the way, and the status it answered with."""

    url: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Where a URL leads.

    Attributes:
        url: Where the way ends.
        status: Of the answer there.
        steps: Every URL on the way, the first and the last included.
    """

    url: str
    status: int
    steps: tuple[Step, ...]


async def resolve_url(
    context: Context, actor: Actor, url: str, *, route: Route = DIRECT, limit: int = MAX_REDIRECTS
) -> Resolved:
    """Where ``url`` leads. No credential is sent, no cookie is kept, and no body is read.

    Raises:
        EgressBlocked: A URL on the way may not be reached.
        LimitExceeded: There are more than ``limit`` redirects.
        GrantlineError: A request could not be made.
    """
    partition = AsNobody(actor).partition
    request = build_request(RequestSpec(method="HEAD", url=url), base_url="", route=route)
    hop: Hop | None = Hop(replace(request, route=replace(route, client_certificate=None)))
    steps: list[Step] = []
    while hop is not None:
        head = await _head(context, hop.request, partition)
        steps.append(Step(hop.request.url, head.status))
        hop = next_hop(hop, head, limit=limit)
    return Resolved(url=steps[-1].url, status=steps[-1].status, steps=tuple(steps))


async def retrieve_headers(performer: Performer, attempts: Attempts, errand: Errand) -> Response:
    """The answer to ``errand`` without its body: asked for with HEAD, with GET where that fails.

    Errors are those of `Performer.request`; and as there, the status is no error.
    """
    spec = replace(errand.spec, method="HEAD", content=None)

    async def send() -> Response:
        for method in ("HEAD", "GET"):
            asked = replace(errand, spec=replace(spec, method=method))
            async with performer.stream(asked) as answer:
                response = answer.held()
            if response.status < HEAD_REFUSED:
                break
        return response

    outcome = await attempts.repeated(replace(errand, spec=spec), send)
    return outcome.response or outcome.result()


async def _head(context: Context, request: HttpRequest, partition: str) -> HttpResponse:
    for method in ("HEAD", "GET"):
        async with context.transport.stream(
            replace(request, method=method), partition=partition
        ) as answer:
            head = answer.head
        if head.status < HEAD_REFUSED:
            break
    return head

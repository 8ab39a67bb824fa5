"""Where webhooks arrive: ``/hooks/{secret}``, for whoever knows the address.

No session and no form of ours is behind it, and nothing of the path is logged. What a scenario
answers comes from our own origin, so a browser is told to treat it as a stranger's: in a sandbox,
where no script of it can touch the web app.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.scenarios.triggers.hook_address import HOOK_PREFIX
from grantline.scenarios.triggers.hook_request import MOST_BODY_BYTES, HookRequest
from grantline.scenarios.triggers.hooks import TOO_LARGE, HookAnswer
from grantline.server.page import scenarios_of

# A megabyte over a slow line; who takes longer only holds on to what others need.
SENT_WITHIN: Final = timedelta(seconds=60)
SANDBOX: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"


async def receive(request: Request) -> Response:
    """What the scenario answers, or that a run was begun."""
    body = bytearray()
    try:
        async with asyncio.timeout(SENT_WITHIN.total_seconds()):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BODY_BYTES:
                    return _response(TOO_LARGE)
    except TimeoutError:
        return Response(status_code=408)
    except ClientDisconnect:
        # It was not sent to its end, so nobody was told that it was taken.
        return Response(status_code=400)
    came = HookRequest(
        method=request.method,
        query=request.url.query,
        headers=tuple(request.headers.items()),
        body=bytes(body),
    )
    answer = await scenarios_of(request).hooks.receive(request.path_params["secret"], came)
    return _response(answer)


def _response(answer: HookAnswer) -> Response:
    response = Response(answer.body, status_code=answer.status)
    for name, value in answer.headers:
        response.headers.append(name, value)
    # Whatever the scenario says of it: nothing of it may run as if it were ours.
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


ROUTES: Final[list[BaseRoute]] = [
    Route(HOOK_PREFIX + "{secret}", receive, methods=["GET", "POST"]),
]

"""What went in and came out of a step, as people read it: no secret of its connection in it.

Bundles are kept as they came, because modules go on with them. A service may give a token back in
its answer; whoever looks at a run need not see it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from anyio import to_thread
from starlette.requests import Request

from grantline.calls.json_values import dump_json, encode_json, load_json
from grantline.calls.response import Response
from grantline.connections.requests.redaction import Redactor, secrets_of
from grantline.connections.requests.run_detail import SeenBody
from grantline.errors import GrantlineError
from grantline.scenarios.runs.run import RunStep
from grantline.server.page import actor_of, engine_of
from grantline.server.pages.request_answer import Body, body_of

JSON_TYPE: Final = "application/json"


async def redactor_for(request: Request, step: RunStep) -> Redactor:
    """Masks what the connection that a step used keeps secret."""
    if step.connection_id is None:
        return Redactor(())
    try:
        holding = await engine_of(request).context.hold(actor_of(request), step.connection_id)
    except GrantlineError:
        return Redactor(())  # it was deleted, and its tokens with it
    return Redactor(secrets_of(holding))


async def bytes_of(value: Any, redactor: Redactor) -> bytes:
    """A bundle as JSON, every digit as it came; nothing for None."""
    return await to_thread.run_sync(partial(_bytes, value, redactor))


async def body_of_bundle(value: Any, redactor: Redactor) -> Body:
    """A bundle as pages show bodies."""
    return await to_thread.run_sync(partial(_body, value, redactor))


async def masked(value: Any, redactor: Redactor) -> Any:
    """A bundle with secrets masked, to be compared with another."""
    if value is None:
        return None
    return await to_thread.run_sync(lambda: load_json(redactor.text(dump_json(value))))


def _bytes(value: Any, redactor: Redactor) -> bytes:
    return b"" if value is None else encode_json(redactor.text(dump_json(value)))


def _body(value: Any, redactor: Redactor) -> Body:
    content = _bytes(value, redactor)
    seen = SeenBody(data=content, media_type=JSON_TYPE, size=len(content), truncated=False)
    whole = Response(status=200, headers=(("content-type", JSON_TYPE),), content=content, url="")
    return body_of(seen, whole, is_kept=True)

"""What went in and came out of a step, as people read it: no secret of a connection in it.

Bundles are kept as they came, because modules go on with them. A service may give a token back in
its answer; whoever looks at a run need not see it.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any, Final

from anyio import to_thread
from starlette.requests import Request

from grantline.calls.answers.response import Response
from grantline.calls.structures.json_values import dump_json, encode_json, load_json
from grantline.connections.requests.redaction import Redactor, secrets_of
from grantline.connections.requests.run_detail import SeenBody
from grantline.errors import GrantlineError
from grantline.secret import Secret
from grantline.server.page import actor_of, engine_of, scenarios_of
from grantline.server.pages.request_answer import Body, body_of

JSON_TYPE: Final = "application/json"


async def redactor_for(request: Request, run_id: str) -> Redactor:
    """Masks what all connections and credentials of a run keep secret.

    One module hands on what another was answered, so those of the step itself would not do.
    """
    actor, engine = actor_of(request), engine_of(request)
    scenario = (await scenarios_of(request).runs.detail(actor, run_id)).scenario
    calls = {
        (call.connection_id, call.credentials)
        for module in scenario.each_module()
        if (call := module.call) is not None
    }
    known: list[Secret] = []
    for connection_id, credentials in calls:
        with suppress(GrantlineError):  # one that was deleted keeps no secret
            carried = await engine.credentials.taken_along(actor, credentials, beside=connection_id)
            known += carried.secrets
        if connection_id is not None:
            with suppress(GrantlineError):
                known += secrets_of(await engine.context.hold(actor, connection_id))
    return Redactor(known)


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

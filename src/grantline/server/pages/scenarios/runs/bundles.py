"""What went in and came out of a step, as pages show bodies and as a file."""

from __future__ import annotations

from typing import Any, Final

from anyio import to_thread

from grantline.calls.answers.response import Response
from grantline.calls.structures.json_values import dump_json, encode_json
from grantline.connections.requests.run_detail import SeenBody
from grantline.server.pages.requests.answer import Body, body_of

JSON_TYPE: Final = "application/json"


async def bytes_of(value: Any) -> bytes:
    """A bundle as JSON, every digit as it came; nothing for None."""
    return await to_thread.run_sync(_bytes, value)


async def body_of_bundle(value: Any) -> Body:
    """A bundle as pages show bodies."""
    return await to_thread.run_sync(_body, value)


def _bytes(value: Any) -> bytes:
    return b"" if value is None else encode_json(dump_json(value))


def _body(value: Any) -> Body:
    content = _bytes(value)
    seen = SeenBody(data=content, media_type=JSON_TYPE, size=len(content), truncated=False)
    whole = Response(status=200, headers=(("content-type", JSON_TYPE),), content=content, url="")
    return body_of(seen, whole, is_kept=True)

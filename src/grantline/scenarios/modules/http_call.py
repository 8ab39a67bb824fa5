"""A request of an HTTP module, filled in and ready to be made; and what people read of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from grantline.calls.bodies.upload import Upload
from grantline.calls.query import encode_query
from grantline.calls.request import RequestSpec
from grantline.connections.credentials.credential_rows import NOTHING
from grantline.connections.requests.redaction import Redactor, secrets_of
from grantline.connections.requests.run_cookies import RunCookies
from grantline.errors import GrantlineError
from grantline.scenarios.definition.modules import HttpCall
from grantline.scenarios.mapping.request import filled
from grantline.scenarios.modules.body import upload_of
from grantline.scenarios.modules.outcome import Bundle, shown
from grantline.scenarios.modules.surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A request that can be made.

    Attributes:
        files: What stands for the body where it holds files, for people.
        cookies: Those that it shares; None for a jar of its own.
    """

    call: HttpCall
    spec: RequestSpec
    upload: Upload | None
    files: Any
    cookies: RunCookies | None


def ready(call: HttpCall, names: Mapping[str, Any], surroundings: Surroundings) -> Ready:
    """``call`` with ``names`` filled in, its files opened.

    Raises:
        InvalidInput: A field cannot be filled in, or a file is not there.
    """
    request = filled(call, names)
    upload, files = upload_of(request, surroundings)
    cookies = surroundings.cookies if call.share_cookies else None
    return Ready(call=call, spec=request.spec, upload=upload, files=files, cookies=cookies)


@asynccontextmanager
async def seated(call: HttpCall, surroundings: Surroundings) -> AsyncIterator[None]:
    """The connection, for the length of the block, under its limit of modules at once."""
    async with surroundings.engine.seats.taken(surroundings.actor, call.connection_id):
        yield


async def redactor_of(call: HttpCall, surroundings: Surroundings) -> Redactor:
    """Masks what the connection and the credentials of ``call`` keep secret."""
    engine, carried = surroundings.engine, NOTHING
    with suppress(GrantlineError):  # one that is not there any more keeps no secret
        carried = await engine.credentials.taken_along(
            surroundings.actor, call.credentials, beside=call.connection_id
        )
    holding = engine.context.holdings.get(call.connection_id) if call.connection_id else None
    return Redactor((*secrets_of(holding), *carried.secrets))


def given(request: Ready, redactor: Redactor) -> Bundle:
    """What was filled in, as a person reads it later, secrets masked."""
    spec = request.spec
    url = spec.url
    if spec.query:
        url += ("&" if "?" in url else "?") + encode_query(spec.query, spec.array_style)
    told: Bundle = {"method": spec.method, "url": redactor.url(url)}
    if request.call.connection_id:
        told["connection"] = request.call.connection_id
    if spec.headers:
        told["headers"] = dict(redactor.headers(spec.headers))
    if request.files is not None:
        told["body"] = request.files
    elif spec.content is not None:
        told["body"] = shown(spec.content.data, redactor)
    return told

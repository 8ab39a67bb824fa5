"""What says that a token has ended: a 401, or what the app names as a sign of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from grantline.connections.requests.journey import R
from grantline.messages import HttpResponse
from grantline.oauth.app.settings import AppSettings

# An error that says what it is says so early.
LOOKED_AT_BYTES: Final = 64 * 1024


def may_say_expired(settings: AppSettings, status: int) -> bool:
    """Whether an answer with this ``status`` has to be asked; every request passes here."""
    return bool(
        status == 401 or status in settings.expired_statuses or settings.expired_body_matches
    )


async def says_expired(settings: AppSettings, response: R) -> tuple[bool, R]:
    """Whether ``response`` says that its token has ended, and the response, still to be read."""
    if response.status == 401 or response.status in settings.expired_statuses:
        return True, response
    texts = tuple(text.encode() for text in settings.expired_body_matches if text)
    if isinstance(response, HttpResponse):
        return any(text in response.body for text in texts), response
    first = b""
    async for chunk in response.chunks:
        first += chunk
        if len(first) >= LOOKED_AT_BYTES:
            break
    found = any(text in first[:LOOKED_AT_BYTES] for text in texts)
    return found, replace(response, chunks=_from_the_start(first, response.chunks))


async def _from_the_start(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk

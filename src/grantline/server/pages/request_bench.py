"""What lies on the bench between two pages: drafts, files, whole answers, requests under way.

All of it is in memory and bounded. Losing it, by a restart, loses no request that was saved and
no line of the history: only what was typed and not kept yet.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import Final, Generic, TypeVar

import anyio
from starlette.requests import Request

from grantline.connections.connection import Actor
from grantline.connections.making import Made
from grantline.server.pages.request_form import RequestForm

T = TypeVar("T")

MOST_FILES_BYTES: Final = 64 * 1024 * 1024
MOST_ANSWERS_BYTES: Final = 64 * 1024 * 1024
MOST_DRAFTS_BYTES: Final = 64 * 1024 * 1024
# What a thing takes beside its bytes, so that many small ones are bounded too.
_OVERHEAD_BYTES: Final = 4096


class Shelf(Generic[T]):
    """Things by key, each for one actor; the ones not used for longest make room."""

    def __init__(self, at_most_bytes: int) -> None:
        self._at_most = at_most_bytes
        self._kept: OrderedDict[tuple[Actor, str], tuple[T, int]] = OrderedDict()
        self._taken = 0

    def put(self, actor: Actor, key: str, thing: T, size: int) -> None:
        """Keeps ``thing``, which takes ``size`` bytes."""
        self._drop((actor, key))
        self._kept[actor, key] = (thing, size + _OVERHEAD_BYTES)
        self._taken += size + _OVERHEAD_BYTES
        while self._taken > self._at_most and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def get(self, actor: Actor, key: str) -> T | None:
        """What ``actor`` keeps under ``key``, if it is still here."""
        found = self._kept.get((actor, key))
        if found is None:
            return None
        self._kept.move_to_end((actor, key))
        return found[0]

    def _drop(self, place: tuple[Actor, str]) -> None:
        _, size = self._kept.pop(place, (None, 0))
        self._taken -= size


class Bench:
    """The bench of one app. ``bench_of(request)`` gives it."""

    def __init__(self) -> None:
        self._files: Shelf[bytes] = Shelf(MOST_FILES_BYTES)
        self._drafts: Shelf[RequestForm] = Shelf(MOST_DRAFTS_BYTES)
        self._made: Shelf[Made] = Shelf(MOST_ANSWERS_BYTES)
        self._running: dict[tuple[Actor, str], anyio.CancelScope] = {}

    def keep_files(self, actor: Actor, form: RequestForm) -> None:
        """Keeps the files of ``form``: a browser does not send a file again by itself."""
        for data in form.files():
            self._files.put(actor, digest_of(data), data, len(data))

    def file(self, actor: Actor, digest: str) -> bytes | None:
        """A file that ``actor`` has chosen before."""
        return self._files.get(actor, digest)

    def keep_draft(self, actor: Actor, form: RequestForm, *, key: str = "") -> str:
        """The key under which ``form`` can be had again: ``key``, which has the place of a page."""
        key = key or secrets.token_urlsafe(9)
        self._drafts.put(actor, key, form, form.size())
        return key

    def draft(self, actor: Actor, key: str) -> RequestForm | None:
        """What was typed, if it is still here."""
        return self._drafts.get(actor, key)

    def keep_made(self, actor: Actor, made: Made) -> None:
        """Keeps the whole answer: the history has only the beginning of it."""
        if made.run is not None:
            size = len(made.response.content) if made.response else 0
            self._made.put(actor, made.run.id, made, size)

    def made(self, actor: Actor, run_id: str) -> Made | None:
        """What became of a request, if it was made lately."""
        return self._made.get(actor, run_id)

    def begin(self, actor: Actor, ticket: str) -> anyio.CancelScope:
        """A scope to make a request in, which ``cancel`` ends."""
        scope = self._running[actor, ticket] = anyio.CancelScope()
        return scope

    def end(self, actor: Actor, ticket: str, scope: anyio.CancelScope) -> None:
        """Forgets ``scope``."""
        if self._running.get((actor, ticket)) is scope:
            del self._running[actor, ticket]

    def cancel(self, actor: Actor, ticket: str) -> bool:
        """Ends the request that was begun with ``ticket``; whether there was one."""
        scope = self._running.get((actor, ticket))
        if scope is None:
            return False
        scope.cancel()
        return True


def digest_of(data: bytes) -> str:
    """The name under which a file is kept."""
    return sha256(data).hexdigest()


def bench_of(request: Request) -> Bench:
    """The bench of the app that answers ``request``."""
    state = request.app.state
    if not hasattr(state, "bench"):
        state.bench = Bench()
    bench: Bench = state.bench
    return bench

"""What lies on the bench between two pages: drafts, files, whole answers, requests under way.

Drafts and answers are in memory, files on disk; all of it is bounded, and what was not used for
longest makes room. Losing it, by a restart, loses no request that was saved and no line of the
history: only what was typed and not kept yet.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import anyio
from starlette.requests import Request

from grantline.connections.connection import Actor
from grantline.connections.requests.making import Made
from grantline.server.pages.requests.files import KeptFiles
from grantline.server.pages.requests.form import RequestForm

T = TypeVar("T")

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


@dataclass(slots=True)
class Running:
    """A request that is under way.

    Attributes:
        scope: Ends it.
        words: How far it is, for people; empty while nobody knows.
        share: The same from 0 to 1; None likewise.
    """

    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    words: str = ""
    share: float | None = None


class Bench:
    """The bench of one app. ``bench_of(request)`` gives it."""

    def __init__(self) -> None:
        self.files = KeptFiles()
        self.downloads = KeptFiles()
        self._drafts: Shelf[RequestForm] = Shelf(MOST_DRAFTS_BYTES)
        self._made: Shelf[Made] = Shelf(MOST_ANSWERS_BYTES)
        self._running: dict[tuple[Actor, str], Running] = {}

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

    def begin(self, actor: Actor, ticket: str) -> Running:
        """What is under way from now on for a page, and can be cancelled from it."""
        running = self._running[actor, ticket] = Running()
        return running

    def end(self, actor: Actor, ticket: str, running: Running) -> None:
        """Forgets ``running``."""
        if self._running.get((actor, ticket)) is running:
            del self._running[actor, ticket]

    def running(self, actor: Actor, ticket: str) -> Running | None:
        """What is under way for a page."""
        return self._running.get((actor, ticket))


def bench_of(request: Request) -> Bench:
    """The bench of the app that answers ``request``."""
    state = request.app.state
    if not hasattr(state, "bench"):
        state.bench = Bench()
    bench: Bench = state.bench
    return bench

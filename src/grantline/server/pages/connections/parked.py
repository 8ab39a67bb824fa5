"""Runs that wait for a connection, as the pages of connections tell of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from grantline.scenarios.runs.run import RunState
from grantline.server.page import actor_of, engine_of, scenarios_of

# More connections than that are not named in one sentence.
MOST_NAMED: Final = 5
_LOOKED_AT: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """A connection, and how many of the latest parked runs wait for it."""

    connection_id: str
    name: str
    count: int


async def parked_on(request: Request, connection_id: str) -> int:
    """How many runs wait for this connection."""
    found = await scenarios_of(request).runs.page(
        actor_of(request), state=RunState.PARKED, connection_id=connection_id, limit=1
    )
    return found.total


async def parked_runs(request: Request) -> tuple[int, tuple[Waiting, ...]]:
    """How many runs wait for a connection, and for which ones, the most wanted first."""
    actor = actor_of(request)
    found = await scenarios_of(request).runs.page(actor, state=RunState.PARKED, limit=_LOOKED_AT)
    counts = Counter(each.connection_id for each in found.rows if each.connection_id)
    names = await engine_of(request).listing.names(actor, set(counts))
    waiting = (
        Waiting(each, names[each], count) for each, count in counts.most_common() if each in names
    )
    return found.total, tuple(waiting)[:MOST_NAMED]

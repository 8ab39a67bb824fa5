"""Two runs side by side: which steps differ, in what they took, were given and gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.calls.structures.json_difference import Differences, differences
from grantline.scenarios.runs.run import RunStep, ScenarioRun
from grantline.server.flash import Tone
from grantline.server.page import actor_of, page, scenarios_of, see_other
from grantline.server.pages.list_pages import PER_PAGE, ListPage
from grantline.server.pages.returning import return_path
from grantline.server.pages.scenarios.runs.listing import LIST

HERE: Final = f"{LIST}/compare"
# Shorter or smaller differences of time say more about the machine than about the run.
MUCH_LONGER: Final = 1.5
NOTICED: Final = timedelta(milliseconds=200)
# What is larger is not taken apart on a page.
MOST_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """What differs of one bundle; with ``is_too_large`` only that something may."""

    found: Differences | None = None
    is_too_large: bool = False

    @property
    def differs(self) -> bool:
        """Whether anything does, as far as is known."""
        return self.is_too_large or bool(self.found and self.found.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same step of two runs; None where a run did not have it.

    Attributes:
        shown: The one of the two that says what it is.
        longer: By how much the second one took longer, when that is much; below 1 for shorter.
    """

    path: str
    shown: RunStep
    one: RunStep | None
    other: RunStep | None
    longer: float | None = None
    given: Side = Side()
    gave: Side = Side()

    @property
    def is_told(self) -> bool:
        """Whether the lists of steps alone say that it differs."""
        return (
            self.one is None
            or self.other is None
            or self.one.state is not self.other.state
            or self.one.output_size != self.other.output_size
        )

    @property
    def differs(self) -> bool:
        """Whether it differs in anything."""
        return self.is_told or self.given.differs or self.gave.differs


async def compare(request: Request) -> Response:
    """The two runs ``a`` and ``b``; ``run=..&run=..`` leads there, the earlier one first."""
    asked, actor = request.query_params, actor_of(request)
    runs = scenarios_of(request).runs
    if "a" not in asked or "b" not in asked:
        ticked = asked.getlist("run")
        if len(ticked) != 2:
            back = return_path(asked.get("back")) or LIST
            return see_other(request, back, "Tick two runs to compare them.", tone=Tone.WARNING)
        found = [await runs.find(actor, each) for each in ticked]
        a, b = sorted(found, key=lambda each: each.created_at)
        return see_other(request, f"{HERE}?{urlencode({'a': a.id, 'b': b.id})}")
    one, other = [await runs.find(actor, asked[each]) for each in ("a", "b")]
    pairs = pairs_of(await runs.steps(actor, one.id), await runs.steps(actor, other.id))
    # What is known to differ comes first; the rest is opened and compared page by page.
    pairs.sort(key=lambda each: not each.is_told)
    at = ListPage.of(request)
    shown = [
        await _looked_into(request, (one, other), each)
        for each in pairs[at.offset : at.offset + PER_PAGE]
    ]
    return page(
        request,
        "scenarios/run-compare.html",
        one=one,
        other=other,
        pairs=shown,
        total=len(pairs),
        told=sum(each.is_told for each in pairs),
        at=at,
        swapped=f"{HERE}?{urlencode({'a': other.id, 'b': one.id})}",
    )


def pairs_of(one: Sequence[RunStep], other: Sequence[RunStep]) -> list[Pair]:
    """The steps of two runs by their paths, in the order of the first, then those of the second."""
    first, second = ({each.path: each for each in side} for side in (one, other))
    return [
        Pair(
            path=path,
            shown=first.get(path) or second[path],
            one=first.get(path),
            other=second.get(path),
            longer=_longer(first.get(path), second.get(path)),
        )
        for path in dict.fromkeys((*first, *second))
    ]


def _longer(one: RunStep | None, other: RunStep | None) -> float | None:
    before, after = (each.duration if each else None for each in (one, other))
    if before is None or after is None or abs(after - before) < NOTICED:
        return None
    ratio = after / max(before, timedelta(milliseconds=1))
    return ratio if ratio >= MUCH_LONGER or ratio <= 1 / MUCH_LONGER else None


async def _looked_into(request: Request, runs: tuple[ScenarioRun, ScenarioRun], pair: Pair) -> Pair:
    """``pair`` with its bundles compared."""
    if pair.one is None or pair.other is None:
        return pair
    store, actor = scenarios_of(request).runs, actor_of(request)
    sizes = [(each.input_size, each.output_size) for each in (pair.one, pair.other)]
    if max(max(each) for each in sizes) > MOST_BYTES:
        large = Side(is_too_large=True)
        return replace(pair, gave=large)
    before, after = [await store.step(actor, each.id, pair.path) for each in runs]
    return replace(
        pair,
        given=await _side(before.input, after.input),
        gave=await _side(before.output, after.output),
    )


async def _side(before: Any, after: Any) -> Side:
    if before is None or after is None:
        return Side()  # not kept of a step that was taken over, or there was none
    return Side(await to_thread.run_sync(partial(differences, before, after)))


ROUTES: Final[list[BaseRoute]] = [Route(HERE, compare)]

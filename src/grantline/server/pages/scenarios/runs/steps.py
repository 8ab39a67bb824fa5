"""The steps of a run as its page shows them: in order, and below an iterator by its items.

The path of a step says where it is: ``2/17/3`` is module 3 in the 17th item of iterator 2. A run
may have ten thousand steps; a page shows some items, those that failed before the others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from grantline.scenarios.definition.modules import Router
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.run import RunStep, StepState

# Of an iterator on the page of the run; it has a page of its own for all of them.
FIRST_ITEMS: Final = 5
# What an item is, by the worst of its steps; those that somebody looks for come first.
_ORDER: Final = (
    StepState.FAILED,
    StepState.RUNNING,
    StepState.IGNORED,
    StepState.SUCCEEDED,
    StepState.PASSED_OVER,
)


@dataclass(slots=True)
class Line:
    """A step, and the items below it when it is an iterator.

    Attributes:
        branch: Of the router that led to it; empty outside of branches.
    """

    step: RunStep
    items: Items | None = None
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """How far one module is, in all items together.

    Attributes:
        step: The only one, or the one that tells most: that failed, that goes on, the latest.
        times: How often it was carried out; more than once only within an iterator.
        of: How many items there are to carry it out for, as far as is known; 0 outside.
        failed: How often it failed.
    """

    step: RunStep
    times: int
    of: int
    failed: int


@dataclass(slots=True)
class Item:
    """What was carried out for one item of an iterator."""

    number: int
    state: StepState
    lines: list[Line]


@dataclass(slots=True)
class Items:
    """The items of one iterator in one place.

    Attributes:
        path: Of the iterator: ``2``, or ``2/17/4`` for one inside another.
        counts: How many items are in each state.
        total: How many there will be, as far as it is known.
        shown: Some of them, failed ones first.
    """

    path: str
    counts: Mapping[StepState, int]
    total: int
    shown: list[Item] = field(default_factory=list)

    @property
    def begun(self) -> int:
        """How many items were begun."""
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        """How many items are through."""
        return self.begun - self.counts.get(StepState.RUNNING, 0)


def parent_of(path: str) -> str:
    """The item that a step is in: ``2/17`` for ``2/17/3``; empty outside of iterators."""
    return path.rpartition("/")[0]


class Steps:
    """All steps of a run, by where they are."""

    def __init__(
        self,
        steps: Sequence[RunStep],
        *,
        totals: Mapping[str, int] | None = None,
        branches: Mapping[int, str] | None = None,
    ) -> None:
        """Steps in the order in which they were begun.

        Args:
            steps: All of them.
            totals: How many items iterators have, by their path.
            branches: What the branch that a module is in is called.
        """
        self.all = steps
        self._totals = totals or {}
        self._branches = branches or {}
        self._within: dict[str, list[RunStep]] = defaultdict(list)
        # Items that a step is in, however deep: one that failed far inside marks all of them.
        self._states: dict[str, set[StepState]] = defaultdict(set)
        self._items: dict[str, dict[int, str]] = defaultdict(dict)
        for step in steps:
            self._within[parent_of(step.path)].append(step)
            place = parent_of(step.path)
            while place:
                self._states[place].add(step.state)
                iterator, _, number = place.rpartition("/")
                self._items[iterator][int(number)] = place
                place = parent_of(iterator)

    def lines(self, place: str = "", *, most_items: int = FIRST_ITEMS) -> list[Line]:
        """The steps outside of iterators, or in the item ``place``; with the first items below."""
        return [
            Line(
                step,
                self.items(step.path, limit=most_items) if self.has_items(step) else None,
                self._branches.get(step.module_id, ""),
            )
            for step in self._within.get(place, ())
        ]

    def at(self, path: str) -> RunStep | None:
        """The step at ``path``."""
        return next(
            (each for each in self._within.get(parent_of(path), ()) if each.path == path), None
        )

    def has_items(self, step: RunStep) -> bool:
        """Whether it is an iterator that began an item."""
        return step.path in self._items

    def items(
        self, path: str, *, state: StepState | None = None, offset: int = 0, limit: int
    ) -> Items:
        """The items of the iterator at ``path``: failed ones first, then in order.

        Args:
            path: Of the iterator.
            state: Only items in this state.
            offset: How many to pass over.
            limit: How many to give.
        """
        states = {number: self._state(place) for number, place in self._items[path].items()}
        counts = Counter(states.values())
        numbers = [each for each in states if state is None or states[each] is state]
        numbers.sort(key=lambda each: (_ORDER.index(states[each]), each))
        shown = [
            Item(number, states[number], self.lines(f"{path}/{number}", most_items=limit))
            for number in numbers[offset : offset + limit]
        ]
        return Items(path, counts, max(self._totals.get(path, 0), len(states)), shown)

    def expected(self, step: RunStep) -> int:
        """How many items the iterator around ``step`` has, in all places; 0 outside of one."""
        place = parent_of(step.path)
        if not place:
            return 0
        iterator = parent_of(place)
        return max(self._totals.get(iterator, 0), len(self._items[iterator]))

    def _state(self, place: str) -> StepState:
        states = self._states[place]
        return next(each for each in _ORDER if each in states)


def module_lights(steps: Steps) -> dict[int, Light]:
    """How far each module is, by its number."""
    by_module: dict[int, list[RunStep]] = defaultdict(list)
    for step in steps.all:
        by_module[step.module_id].append(step)
    return {number: _light(found, steps) for number, found in by_module.items()}


def _light(found: Sequence[RunStep], steps: Steps) -> Light:
    places = {parent_of(each.path).rpartition("/")[0]: each for each in found}
    return Light(
        step=min(reversed(found), key=lambda each: _ORDER.index(each.state)),
        times=sum(each.state is not StepState.RUNNING for each in found),
        of=sum(steps.expected(each) for each in places.values()),
        failed=sum(each.state is StepState.FAILED for each in found),
    )


def branch_names(scenario: Scenario) -> dict[int, str]:
    """What the branch is called that each module is in, by the module's number."""
    return {
        below.id: branch.name or f"Branch {at}"
        for module in scenario.each_module()
        if isinstance(module.does, Router)
        for at, branch in enumerate(module.does.branches, start=1)
        for below in branch.modules
    }

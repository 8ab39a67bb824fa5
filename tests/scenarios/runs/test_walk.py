"""The way through a scenario, without anything being carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grantline.errors import LimitExceeded
from grantline.scenarios.definition.modules import Aggregate, Branch, Iterate, Module, Router
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.walk import Act, Done, Held, Walk
from tests.scenarios.runs.making import a_scenario, collect, each, get, router

SIZE = 10


@dataclass
class Told:
    """What became of modules, and what they could see.

    Attributes:
        items: How many items an iterator has.
        ends: Whether the bundle ends at this step.
        branches: Which branches a router goes.
    """

    items: Callable[[str], int] = lambda _: 2
    ends: Callable[[str], bool] = lambda _: False
    branches: Callable[[str], list[int]] = lambda _: [0]
    paths: list[str] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    most_kept: int = 0

    def done(self, act: Act) -> Done:
        if self.ends(act.path):
            return Done(has_ended=True)
        held = Held(act.path, SIZE, {"path": act.path})
        match act.module.does:
            case Iterate():
                return Done(held=held, items=list(range(self.items(act.path))))
            case Router():
                return Done(held=held, branches=self.branches(act.path))
            case _:
                return Done(held=held)

    def through(self, scenario: Scenario, **options: Any) -> Told:
        walk = Walk(scenario, **options)
        steps = walk.steps()
        try:
            act = next(steps)
            while True:
                self.paths.append(f"({act.path})" if act.is_gate else act.path)
                self.acts.append(act)
                self.most_kept = max(self.most_kept, walk.kept_bytes)
                act = steps.send(self.done(act))
        except StopIteration:
            return self


def seen(told: Told, path: str) -> set[int]:
    """Which bundles the module at ``path`` could see."""
    return next(set(act.scope.bundles) for act in told.acts if act.path == path)


def some(number: int, *of: int, **fields: Any) -> Module:
    """A module that speaks of the bundles ``of``."""
    mentioned = "".join(f"{{{{ {each}.path }}}}" for each in of)
    return get(number, f"https://api.example.com/{mentioned}", **fields)


def test_modules_go_in_order_and_see_what_came_before() -> None:
    told = Told().through(a_scenario(some(1), some(2, 1), some(3, 1, 2)))
    assert told.paths == ["1", "2", "3"]
    assert [seen(told, each) for each in "123"] == [set(), {1}, {1, 2}]


def test_what_nobody_speaks_of_is_not_kept() -> None:
    told = Told().through(a_scenario(some(1), some(2), some(3, 1)))
    assert seen(told, "3") == {1}
    assert told.most_kept == SIZE


def test_a_module_that_is_off_is_not_there() -> None:
    scenario = a_scenario(some(1, is_enabled=False), each(2, "{{ 9 }}", is_enabled=False), some(3))
    assert Told().through(scenario).paths == ["3"]


def test_a_bundle_that_ends_ends_the_run() -> None:
    told = Told(ends=lambda path: path == "2").through(a_scenario(some(1), some(2), some(3)))
    assert told.paths == ["1", "2"]


def test_an_iterator_repeats_what_follows_to_the_end() -> None:
    told = Told().through(a_scenario(some(1), each(2, "{{ 1.path }}"), some(3, 2), some(4, 3)))
    assert told.paths == ["1", "2", "2/1/3", "2/1/4", "2/2/3", "2/2/4"]
    assert seen(told, "2/1/4") == {1, 2, 3}
    items = [act.scope.bundles[2].bundle for act in told.acts if act.module.id == 3]
    assert items == [
        {"value": 0, "index": 1, "total": 2},
        {"value": 1, "index": 2, "total": 2},
    ]


def test_an_aggregator_ends_the_repetition_and_gets_what_came_through() -> None:
    scenario = a_scenario(
        each(1, "{{ input.list }}"), some(2), some(3), collect(4, 1, "{{ 2.path }}"), some(5, 4, 2)
    )
    told = Told(ends=lambda path: path == "1/1/3").through(scenario)
    assert told.paths == ["1", "1/1/2", "1/1/3", "1/2/2", "1/2/3", "4", "5"]
    arrived = told.acts[5].arrived or ()
    assert [scope.bundles[2].path for scope in arrived] == ["1/2/2"]
    assert all(set(scope.bundles) == {2} for scope in arrived)
    assert seen(told, "5") == {4}


def test_the_filter_before_an_aggregator_is_asked_for_each_bundle() -> None:
    scenario = a_scenario(
        each(1, "{{ input.list }}"), some(2), collect(3, 1, 0, when="{{ 2.path }}"), some(4)
    )
    told = Told(ends=lambda path: path == "1/2/3").through(scenario)
    assert told.paths == ["1", "1/1/2", "(1/1/3)", "1/2/2", "(1/2/3)", "3", "4"]
    assert len(told.acts[5].arrived or ()) == 1
    assert told.acts[5].is_filtered


def test_iterators_within_iterators() -> None:
    inner = (each(2, "{{ 1.value }}"), some(3, 2), collect(4, 2, "{{ 3.path }}"))
    scenario = a_scenario(each(1, "{{ input.list }}"), *inner, collect(5, 1, "{{ 4.path }}"))
    told = Told().through(scenario)
    one = ["2", "2/1/3", "2/2/3", "4"]
    assert told.paths == ["1", *(f"1/1/{p}" for p in one), *(f"1/2/{p}" for p in one), "5"]
    arrived = told.acts[-1].arrived or ()
    assert [scope.bundles[4].path for scope in arrived] == ["1/1/4", "1/2/4"]


def test_every_bundle_of_an_inner_iterator_arrives_where_nobody_collects_before() -> None:
    scenario = a_scenario(
        each(1, "{{ input.list }}"), each(2, "{{ 1.value }}"), some(3), collect(4, 1, "{{3.path}}")
    )
    told = Told().through(scenario)
    arrived = told.acts[-1].arrived or ()
    assert [scope.bundles[3].path for scope in arrived] == [
        "1/1/2/1/3", "1/1/2/2/3", "1/2/2/1/3", "1/2/2/2/3",
    ]  # fmt: skip


def test_an_iterator_without_items_gives_its_aggregator_nothing() -> None:
    scenario = a_scenario(each(1, "{{ input.list }}"), some(2), collect(3, 1, 0), some(4, 3))
    told = Told(items=lambda _: 0).through(scenario)
    assert told.paths == ["1", "3", "4"]
    assert told.acts[1].arrived == []


def test_a_router_goes_its_branches_in_order_then_what_follows() -> None:
    branches = (
        Branch(modules=(some(2), some(3, 2))),
        Branch(modules=(some(4),)),
        Branch(modules=(some(5, 2),)),
    )
    scenario = a_scenario(router(1, *branches), some(6, 2))
    told = Told(branches=lambda _: [0, 2], ends=lambda path: path == "2").through(scenario)
    assert told.paths == ["1", "2", "5", "6"]
    told = Told(branches=lambda _: [0, 2]).through(scenario)
    assert told.paths == ["1", "2", "3", "5", "6"]
    assert seen(told, "3") == {2}
    assert seen(told, "5") == seen(told, "6") == set()


def test_variables_are_seen_by_all_that_follows_and_by_an_aggregator_as_they_were() -> None:
    scenario = a_scenario(
        each(1, "{{ input.list }}"), some(2), collect(3, 1, "{{ vars.n }}"), some(4)
    )
    walk = Walk(scenario).steps()
    act, number = next(walk), 0
    seen_by: dict[str, Any] = {}
    try:
        while True:
            seen_by[act.path] = act.scope.variables
            if act.module.id == 3:
                assert [scope.variables for scope in act.arrived or ()] == [{"n": 1}, {"n": 2}]
            number += act.module.id == 2
            done = Done(
                held=Held(act.path, 0, {}),
                items=[1, 2] if act.module.id == 1 else (),
                variables={"n": number} if act.module.id == 2 else {},
            )
            act = walk.send(done)
    except StopIteration:
        pass
    assert seen_by == {"1": {}, "1/1/2": {}, "1/2/2": {"n": 1}, "3": {"n": 2}, "4": {"n": 2}}


def test_ten_thousand_items_keep_no_more_than_one() -> None:
    scenario = a_scenario(some(1), each(2, "{{ 1.path }}"), some(3, 2), some(4, 3), some(5, 4))
    told = Told(items=lambda _: 10_000).through(scenario)
    assert len(told.paths) == 2 + 3 * 10_000
    assert told.most_kept == 4 * SIZE


def test_what_an_aggregator_may_ask_for_is_kept_until_it_has() -> None:
    scenario = a_scenario(
        some(1),
        each(2, "{{ 1.path }}"),
        some(3),
        collect(4, 2, "{{ 3.path }}{{ 1.path }}"),
        some(5),
    )
    told = Told(items=lambda _: 100).through(scenario)
    assert told.most_kept == (1 + 1 + 100) * SIZE
    walk_end = Told(items=lambda _: 100)
    walk_end.through(scenario)
    assert seen(told, "5") <= {1, 4}


def test_too_much_to_keep_is_refused() -> None:
    scenario = a_scenario(each(1, "{{ input.list }}"), some(2), collect(3, 1, "{{ 2.path }}"))
    with pytest.raises(LimitExceeded) as refused:
        Told(items=lambda _: 100).through(scenario, most_kept=50 * SIZE)
    assert refused.value.limit == "kept_bytes"


NUMBERS = st.integers(1, 10**6)


@st.composite
def lists_of_modules(draw: st.DrawFn, depth: int = 2) -> tuple[Module, ...]:
    """Modules with iterators, aggregators and routers among them."""
    made: list[Module] = []
    open_iterators: list[int] = []
    for _ in range(draw(st.integers(0, 5))):
        number = draw(NUMBERS)
        kinds = ["some", "each"] + (["collect"] if open_iterators else [])
        kind = draw(st.sampled_from(kinds + (["router"] if depth else [])))
        enabled = draw(st.integers(0, 9)) > 0
        if kind == "each":
            made.append(each(number, "{{ input.list }}", is_enabled=enabled))
            open_iterators.append(number)
        elif kind == "collect":
            made.append(collect(number, open_iterators.pop(), 1, is_enabled=enabled))
        elif kind == "router":
            branches = draw(st.lists(lists_of_modules(depth=depth - 1), min_size=1, max_size=3))
            made.append(router(number, *(Branch(modules=each) for each in branches)))
        else:
            made.append(some(number, is_enabled=enabled))
    return tuple(made)


@given(lists_of_modules(), st.randoms(use_true_random=False))
def test_no_step_comes_twice_and_what_is_told_again_leads_to_the_same_place(
    modules: tuple[Module, ...], dice: Any
) -> None:
    numbers = [each.id for each in a_scenario(*modules).each_module()]
    if len(set(numbers)) < len(numbers):
        return
    fates: dict[str, int] = {}

    def fate(path: str) -> int:
        return fates.setdefault(path, dice.randrange(8))

    def branches(path: str) -> list[int]:
        return [0] if fate(path) % 2 else []

    def told() -> Told:
        return Told(
            items=lambda path: fate(path) % 4, ends=lambda path: fate(path) == 7, branches=branches
        ).through(a_scenario(*modules))

    first, again = told(), told()
    assert first.paths == again.paths
    assert len(set(first.paths)) == len(first.paths)
    assert [set(act.scope.bundles) for act in first.acts] == [
        set(act.scope.bundles) for act in again.acts
    ]
    off = {each.id for each in a_scenario(*modules).each_module() if not each.is_enabled}
    assert not off & {act.module.id for act in first.acts}
    collectors = [act for act in first.acts if isinstance(act.module.does, Aggregate)]
    assert all(act.arrived is not None or act.is_gate for act in collectors)

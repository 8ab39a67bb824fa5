"""A scenario with one thing changed: a module added, moved, copied, replaced, removed.

A place is a list of modules, the scenario's own or a branch's, and where in it. Moving by one step
walks the scenario as a page shows it, into branches and out of them, so that every place can be
reached by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from grantline.errors import InvalidInput, NotFound
from grantline.scenarios.definition.modules import Module, Router
from grantline.scenarios.definition.renumbering import renumbered
from grantline.scenarios.definition.scenario import Scenario

Modules = tuple[Module, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a scenario a module is, or could be.

    Attributes:
        router: The number of the router in whose branch it is; 0 for the scenario's own list.
        branch: Which of its branches, from 0.
        index: How many modules of that list come before it.
    """

    router: int = 0
    branch: int = 0
    index: int = 0

    def __str__(self) -> str:
        return f"{self.router}.{self.branch}.{self.index}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that ``str`` of it means.

        Raises:
            InvalidInput: It is none.
        """
        parts = text.split(".")
        if len(parts) != 3 or not all(each.isdecimal() and len(each) < 7 for each in parts):
            raise InvalidInput("This is no place in a scenario.", field="place")
        return cls(*map(int, parts))


END: Final = 10**6


def next_number(scenario: Scenario) -> int:
    """A number that no module has, greater than all."""
    return max((each.id for each in scenario.each_module()), default=0) + 1


def module_of(scenario: Scenario, number: int) -> Module:
    """The module with this number.

    Raises:
        NotFound: There is none.
    """
    found = scenario.module(number)
    if found is None:
        raise NotFound(
            f"The scenario has no module {number}.",
            hint="It may have been deleted meanwhile; look at the scenario again.",
        )
    return found


def place_of(scenario: Scenario, number: int) -> Place:
    """Where the module with this number is; raises as ``module_of``."""
    module_of(scenario, number)
    return next(place for place, module in _places(scenario) if module.id == number)


def modules_at(scenario: Scenario, place: Place) -> Modules:
    """The list that ``place`` is in.

    Raises:
        NotFound: There is no such list.
    """
    if not place.router:
        return scenario.modules
    router = module_of(scenario, place.router).does
    if not isinstance(router, Router) or place.branch >= len(router.branches):
        raise NotFound("This branch is there no more.", hint="Look at the scenario again.")
    return router.branches[place.branch].modules


def with_module(scenario: Scenario, module: Module, place: Place) -> Scenario:
    """``scenario`` with one more module; a place behind the end is the end. Raises ``NotFound``."""
    modules = modules_at(scenario, place)
    at = min(place.index, len(modules))
    return _with_list(scenario, place, (*modules[:at], module, *modules[at:]))


def with_changed(scenario: Scenario, module: Module) -> Scenario:
    """``scenario`` with ``module`` in place of the one that has its number; raises ``NotFound``."""
    place = place_of(scenario, module.id)
    modules = modules_at(scenario, place)
    changed = (*modules[: place.index], module, *modules[place.index + 1 :])
    return _with_list(scenario, place, changed)


def without_module(scenario: Scenario, number: int) -> Scenario:
    """``scenario`` without a module, and without what is in it; raises ``NotFound``."""
    place = place_of(scenario, number)
    modules = modules_at(scenario, place)
    return _with_list(scenario, place, modules[: place.index] + modules[place.index + 1 :])


def with_copy(scenario: Scenario, number: int) -> tuple[Scenario, Module]:
    """``scenario`` with a copy behind a module, and the copy; raises ``NotFound``.

    What is in the copy gets numbers of its own. What spoke of modules in the original, be it an
    expression or an aggregator, speaks of those in the copy.
    """
    original, place = module_of(scenario, number), place_of(scenario, number)
    inside = Scenario(name="", modules=(original,)).each_module()
    first = next_number(scenario)
    numbers = {each.id: first + at for at, each in enumerate(inside)}
    (copy,) = _mapped((original,), lambda each: renumbered(each, numbers))
    behind = replace(place, index=place.index + 1)
    return with_module(scenario, copy, behind), copy


def with_moved(scenario: Scenario, number: int, to: Place) -> Scenario:
    """``scenario`` with a module at another place, which is one of ``scenario`` before the move.

    Raises:
        InvalidInput: It would be inside itself.
        NotFound: There is no such module or place.
    """
    module, at = module_of(scenario, number), place_of(scenario, number)
    inside = {each.id for each in Scenario(name="", modules=(module,)).each_module()}
    if to.router in inside:
        raise InvalidInput(
            "A router cannot be moved into one of its own branches.",
            field="place",
            hint="Move the modules of the branch instead.",
        )
    modules_at(scenario, to)
    if (to.router, to.branch) == (at.router, at.branch) and to.index > at.index:
        to = replace(to, index=to.index - 1)
    return with_module(without_module(scenario, number), module, to)


def place_before(scenario: Scenario, number: int) -> Place | None:
    """Where a module goes by one step up, as ``with_moved`` takes it; None at the very top."""
    at = place_of(scenario, number)
    if at.index:
        above = modules_at(scenario, at)[at.index - 1]
        if isinstance(above.does, Router) and above.does.branches:
            return Place(above.id, len(above.does.branches) - 1, END)
        return replace(at, index=at.index - 1)
    if not at.router:
        return None
    if at.branch:
        return Place(at.router, at.branch - 1, END)
    return place_of(scenario, at.router)


def place_after(scenario: Scenario, number: int) -> Place | None:
    """Where a module goes by one step down, as ``with_moved`` takes it; None at the very end."""
    at = place_of(scenario, number)
    modules = modules_at(scenario, at)
    if at.index + 1 < len(modules):
        below = modules[at.index + 1]
        if isinstance(below.does, Router) and below.does.branches:
            return Place(below.id, 0, 0)
        return replace(at, index=at.index + 2)
    if not at.router:
        return None
    router = module_of(scenario, at.router).does
    if isinstance(router, Router) and at.branch + 1 < len(router.branches):
        return Place(at.router, at.branch + 1, 0)
    outer = place_of(scenario, at.router)
    return replace(outer, index=outer.index + 1)


def _places(scenario: Scenario) -> list[tuple[Place, Module]]:
    found: list[tuple[Place, Module]] = []

    def walk(modules: Modules, router: int, branch: int) -> None:
        for index, module in enumerate(modules):
            found.append((Place(router, branch, index), module))
            if isinstance(module.does, Router):
                for number, each in enumerate(module.does.branches):
                    walk(each.modules, module.id, number)

    walk(scenario.modules, 0, 0)
    return found


def _with_list(scenario: Scenario, place: Place, modules: Modules) -> Scenario:
    if not place.router:
        return replace(scenario, modules=modules)

    def change(module: Module) -> Module:
        if module.id != place.router or not isinstance(module.does, Router):
            return module
        branches = list(module.does.branches)
        branches[place.branch] = replace(branches[place.branch], modules=modules)
        return replace(module, does=replace(module.does, branches=tuple(branches)))

    return replace(scenario, modules=_mapped(scenario.modules, change))


def _mapped(modules: Modules, change: Callable[[Module], Module]) -> Modules:
    """Each module changed, those in branches first."""

    def deep(module: Module) -> Module:
        if isinstance(module.does, Router):
            branches = (
                replace(each, modules=_mapped(each.modules, change))
                for each in module.does.branches
            )
            module = replace(module, does=replace(module.does, branches=tuple(branches)))
        return change(module)

    return tuple(deep(each) for each in modules)

"""Which names a module can use: what came before it, and is still there.

A bundle of an iterator's loop is gone once an aggregator has closed the loop; what happens in one
branch of a router is nothing that another branch, or what follows the router, may count on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from grantline.scenarios.definition.modules import (
    Aggregate,
    Does,
    DownloadFile,
    Iterate,
    MakeRequest,
    Module,
    ResolveUrl,
    RetrieveHeaders,
    Router,
    SetVariables,
)
from grantline.scenarios.definition.problem import PlainPath
from grantline.scenarios.definition.scenario import Scenario

# The names at the top of what each kind of module gives.
_GIVES: Final[Mapping[type[Does], tuple[str, ...]]] = {
    MakeRequest: ("status", "headers", "data", "url"),
    DownloadFile: ("status", "file"),
    ResolveUrl: ("url", "hops"),
    RetrieveHeaders: ("status", "url", "headers"),
    Iterate: ("value", "index", "total"),
    Aggregate: ("value", "count"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A module in its place.

    Attributes:
        module: The module.
        path: Of the module from the top of the scenario's plain form.
        visible: The modules whose bundles it can use, in order.
        loops: The numbers of the iterators that are open here, the innermost last.
        list_loops: Those of them that were opened in the same list of modules.
        is_reached: Whether it can run at all: neither it nor a router around it is off.
        closed: The modules whose loop was closed before it, each with the aggregator that did.
        variables: Names that were set before it, or may have been in an earlier turn of its loop.
    """

    module: Module
    path: PlainPath
    visible: tuple[Module, ...] = ()
    loops: tuple[int, ...] = ()
    list_loops: tuple[int, ...] = ()
    is_reached: bool = True
    closed: Mapping[int, int] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()


def visible_modules(scenario: Scenario, module_id: int) -> tuple[Module, ...]:
    """The modules whose bundles the module ``module_id`` can use, in order.

    None where there is no such module, or it cannot run.
    """
    found = (each for each in scenes(scenario) if each.module.id == module_id)
    scene = next(found, None)
    return scene.visible if scene is not None and scene.is_reached else ()


def gives(module: Module) -> tuple[str, ...] | None:
    """The names at the top of what a module gives; None where they are not known beforehand."""
    if isinstance(module.does, SetVariables):
        return tuple(name for name, _ in module.does.variables)
    return _GIVES.get(type(module.does))


def scenes(scenario: Scenario) -> Iterator[Scene]:
    """Every module in its place, in the order of the page."""
    yield from _in_loops(list(_scenes(scenario.modules, (), _Around())))


@dataclass(frozen=True, slots=True)
class _Around:
    """What a list of modules finds when it begins."""

    visible: tuple[Module, ...] = ()
    loops: tuple[int, ...] = ()
    is_reached: bool = True
    closed: Mapping[int, int] = field(default_factory=dict)


def _scenes(modules: tuple[Module, ...], path: PlainPath, around: _Around) -> Iterator[Scene]:
    visible = list(around.visible)
    closed = dict(around.closed)
    opened: list[tuple[int, int]] = []  # iterators, each with how much was visible before it
    for index, module in enumerate(modules):
        here = (*path, "modules", index)
        is_reached = around.is_reached and module.is_enabled
        mine = tuple(number for number, _ in opened)
        scene = Scene(
            module=module,
            path=here,
            visible=tuple(visible),
            loops=(*around.loops, *mine),
            list_loops=mine,
            is_reached=is_reached,
            closed=dict(closed),
        )
        yield scene
        does = module.does
        if isinstance(does, Router):
            inside = _Around(scene.visible, scene.loops, is_reached, scene.closed)
            for number, branch in enumerate(does.branches):
                yield from _scenes(branch.modules, (*here, does.kind, "branches", number), inside)
            continue
        if not is_reached:
            continue
        if isinstance(does, Aggregate) and does.source in mine:
            place = mine.index(does.source)
            before = opened[place][1]
            closed |= {each.id: module.id for each in visible[before:]}
            del visible[before:], opened[place:]
        if isinstance(does, Iterate):
            opened.append((module.id, len(visible)))
        visible.append(module)


def _in_loops(found: list[Scene]) -> Iterator[Scene]:
    """``found`` with the variables that each can use."""
    before: set[str] = set()
    for scene in found:
        outermost = scene.loops[0] if scene.loops else None
        looped = {
            name
            for other in found
            if outermost is not None and outermost in other.loops
            for name in _sets(other)
        }
        yield replace(scene, variables=frozenset(before | looped))
        before |= _sets(scene)


def _sets(scene: Scene) -> set[str]:
    does = scene.module.does
    if not scene.is_reached or not isinstance(does, SetVariables):
        return set()
    return {name for name, _ in does.variables}

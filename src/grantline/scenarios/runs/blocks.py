"""The modules of a scenario as nested blocks: what an iterator repeats, where a router goes.

Modules that are off are left out here, so nothing further on has to know of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grantline.calls.expressions import references
from grantline.errors import ExpressionFailed
from grantline.scenarios.definition.modules import Aggregate, Iterate, Module, Router
from grantline.scenarios.definition.plain_modules import module_to_plain
from grantline.scenarios.definition.scenario import Scenario

VARIABLES: Final = "vars"
REMEMBERED: Final = 32


@dataclass(frozen=True, slots=True)
class Single:
    """A module that is carried out once for each bundle that comes to it."""

    module: Module


@dataclass(frozen=True, slots=True)
class Loop:
    """An iterator, what it repeats, and who collects; without a collector the block ends with it.

    Attributes:
        collector: The aggregator; a bundle that comes through the body arrives there.
    """

    module: Module
    body: Block
    collector: Module | None


@dataclass(frozen=True, slots=True)
class Fork:
    """A router with its branches, each a block of its own."""

    module: Module
    branches: tuple[Block, ...]


Node = Single | Loop | Fork
Block = tuple[Node, ...]


def blocks_of(modules: Sequence[Module]) -> Block:
    """``modules`` as a block. An aggregator whose iterator is not open collects the one bundle."""
    return _block([each for each in modules if each.is_enabled])


def _block(modules: Sequence[Module]) -> Block:
    nodes: list[Node] = []
    at = 0
    while at < len(modules):
        module = modules[at]
        match module.does:
            case Iterate():
                end = _collector(modules, at)
                body = blocks_of(modules[at + 1 : end])
                collector = modules[end] if end < len(modules) else None
                nodes.append(Loop(module, body, collector))
                at = end
            case Router(branches=branches):
                nodes.append(Fork(module, tuple(blocks_of(each.modules) for each in branches)))
            case _:
                nodes.append(Single(module))
        at += 1
    return tuple(nodes)


def _collector(modules: Sequence[Module], at: int) -> int:
    """Where the aggregator of the iterator at ``at`` is; past the end when there is none."""
    for place in range(at + 1, len(modules)):
        does = modules[place].does
        if isinstance(does, Aggregate) and does.source == modules[at].id:
            return place
    return len(modules)


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario with its blocks, and what each module speaks of."""

    scenario: Scenario
    blocks: Block
    mentions: Mentions


class Mentions:
    """Which names each module speaks of, so that nothing is kept that nobody asks for."""

    def __init__(self, scenario: Scenario) -> None:
        self._by_module = {
            each.id: frozenset(_roots(module_to_plain(each))) for each in scenario.each_module()
        }
        self.all = frozenset[str]().union(*self._by_module.values())

    def of(self, module: Module) -> frozenset[str]:
        """The names in the fields of ``module``; of a router, in its branches too."""
        return self._by_module[module.id]


def plan_of(scenario: Scenario) -> Plan:
    """What a walk needs of ``scenario``; remembered for the ones that were asked for last."""
    found = _PLANS.get(id(scenario))
    # Numbers of objects that are gone come again; the plan holds its scenario, so this one is it.
    if found is None or found.scenario is not scenario:
        found = Plan(scenario, blocks_of(scenario.modules), Mentions(scenario))
        if len(_PLANS) >= REMEMBERED:
            del _PLANS[next(iter(_PLANS))]
        _PLANS[id(scenario)] = found
    return found


def _roots(plain: Any) -> Iterable[str]:
    """The names in every text of ``plain``: also in texts that are not mapped, which harms none."""
    if isinstance(plain, str):
        if "{{" in plain:
            try:
                yield from (each.root for each in references(plain))
            except ExpressionFailed:
                # The module itself will say so, in its place.
                return
    elif isinstance(plain, Mapping):
        for each in plain.values():
            yield from _roots(each)
    elif isinstance(plain, list | tuple):
        for each in plain:
            yield from _roots(each)


_PLANS: Final[dict[int, Plan]] = {}

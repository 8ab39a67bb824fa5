"""The way through a scenario: which module is next, and what it can see.

Pure: `Walk.steps` is a generator that yields an `Act` for each module whose turn it is and is sent
a `Done`. It asks for nothing else, so what was done before a crash is told to it again and leads
to the same place; and it keeps nothing that no module can ask for any more.

A bundle goes from module to module. It ends where a filter stops it, or where an error handler lets
it: within an iterator the next item is next, within a branch of a router the next branch, and
elsewhere the run is over.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from grantline.errors import LimitExceeded
from grantline.scenarios.definition.modules import Iterate, Module, Router, SetVariables
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.runs.blocks import VARIABLES, Block, Fork, Loop, plan_of

MOST_KEPT_BYTES: Final = 64 * 1024 * 1024


@dataclass(slots=True)
class Held:
    """A bundle that somebody may still ask for.

    Attributes:
        path: Of the step that gave it.
        size: In bytes of JSON.
        bundle: None until it is read from its row.
    """

    path: str
    size: int
    bundle: Any = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What one module can see: bundles by the number of their module, and variables."""

    bundles: Mapping[int, Held] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A module whose turn it is.

    Attributes:
        path: Where it is: numbers of iterators and of their items, then its own.
        arrived: For an aggregator: what each bundle that came to it could see.
        is_gate: Only the filter before an aggregator is asked for: whether this bundle arrives.
        is_filtered: That was asked for each bundle, so the filter is not asked again.
    """

    path: str
    module: Module
    scope: Scope
    arrived: Sequence[Scope] | None = None
    is_gate: bool = False
    is_filtered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of it.

    Attributes:
        held: What it gave.
        has_ended: The bundle ends here.
        items: Of an iterator.
        branches: Of a router: which of its branches to go, by their position.
        variables: What it set.
    """

    held: Held | None = None
    has_ended: bool = False
    items: Sequence[Any] = ()
    branches: Sequence[int] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)


def decided(module: Module, held: Held) -> Done:
    """What the walk has to know of a module that gave ``held``."""
    bundle = held.bundle
    match module.does:
        case Iterate():
            items = bundle.get("items") if isinstance(bundle, Mapping) else None
            return Done(held=held, items=items if isinstance(items, list) else [])
        case Router():
            numbers = bundle.get("branches") if isinstance(bundle, Mapping) else None
            return Done(held=held, branches=numbers if isinstance(numbers, list) else [])
        case SetVariables():
            return Done(held=held, variables=bundle if isinstance(bundle, Mapping) else {})
        case _:
            return Done(held=held)


Steps = Generator[Act, Done, bool]


class Walk:
    """One way through one scenario.

    Attributes:
        kept_bytes: What bundles that can still be asked for amount to.
    """

    def __init__(self, scenario: Scenario, *, most_kept: int = MOST_KEPT_BYTES) -> None:
        plan = plan_of(scenario)
        self._blocks, self._mentions = plan.blocks, plan.mentions
        self._variables: Mapping[str, Any] = {}
        self._most_kept = most_kept
        self.kept_bytes = 0

    def steps(self) -> Steps:
        """Every module in its turn; raises ``LimitExceeded`` when too much would be kept."""
        return self._block(self._blocks, {}, "", None)

    def _block(
        self, block: Block, outer: Mapping[int, Held], prefix: str, arrivals: _Arrivals | None
    ) -> Steps:
        """Goes through ``block``; True when its bundle came through."""
        bundles, before = dict(outer), self.kept_bytes
        waiting = arrivals.size if arrivals is not None else 0
        try:
            for node in block:
                if isinstance(node, Loop):
                    done = yield from self._loop(node, bundles, prefix, arrivals)
                    if done is None:
                        return False
                    self._keep(bundles, node.collector, done)
                    continue
                done = yield Act(
                    path=f"{prefix}{node.module.id}",
                    module=node.module,
                    scope=self._scope(bundles),
                    arrived=(self._scope(bundles),),
                )
                if done.has_ended:
                    return False
                self._keep(bundles, node.module, done)
                if isinstance(node, Fork):
                    for number in done.branches:
                        yield from self._block(node.branches[number], bundles, prefix, None)
            if arrivals is not None:
                yield from self._arrive(arrivals, bundles, prefix)
            return True
        finally:
            # What arrived at the aggregator of an iterator around this block outlives the block.
            self.kept_bytes = before + (arrivals.size - waiting if arrivals is not None else 0)

    def _loop(
        self, loop: Loop, bundles: Mapping[int, Held], prefix: str, outside: _Arrivals | None
    ) -> Generator[Act, Done, Done | None]:
        """The body once for each item; what the collector made of it, None when all ends here."""
        path = f"{prefix}{loop.module.id}"
        done = yield Act(path=path, module=loop.module, scope=self._scope(bundles))
        if done.has_ended:
            return None
        before = self.kept_bytes
        items_size = done.held.size if done.held else 0
        self._count(items_size)
        arrivals = outside
        if (collector := loop.collector) is not None:
            arrivals = _Arrivals(collector, self._mentions.of(collector), f"{path}/")
        total = len(done.items)
        for index, item in enumerate(done.items, 1):
            value = {"value": item, "index": index, "total": total}
            own = {**bundles, loop.module.id: Held(path, 0, value)}
            yield from self._block(loop.body, own, f"{path}/{index}/", arrivals)
        if collector is None or arrivals is None:
            self.kept_bytes -= items_size
            return None
        done = yield Act(
            path=f"{prefix}{collector.id}",
            module=collector,
            scope=self._scope(bundles),
            arrived=arrivals.scopes,
            is_filtered=True,
        )
        self.kept_bytes = before
        return None if done.has_ended else done

    def _arrive(
        self, arrivals: _Arrivals, bundles: Mapping[int, Held], prefix: str
    ) -> Generator[Act, Done, None]:
        collector = arrivals.collector
        if collector.when.strip():
            done = yield Act(
                path=f"{prefix}{collector.id}",
                module=collector,
                scope=self._scope(bundles),
                is_gate=True,
            )
            if done.has_ended:
                return
        arrivals.add(bundles, self._variables)

    def _keep(self, bundles: dict[int, Held], module: Module | None, done: Done) -> None:
        if done.variables:
            # A new mapping: what arrived at an aggregator sees the one of its time.
            self._variables = {**self._variables, **done.variables}
        if module is not None and done.held is not None and str(module.id) in self._mentions.all:
            bundles[module.id] = done.held
            self._count(done.held.size)

    def _count(self, more: int) -> None:
        self.kept_bytes += more
        if self.kept_bytes > self._most_kept:
            raise LimitExceeded(
                f"The run would keep more than {self._most_kept // 1024**2} MB of bundles that "
                "later modules may ask for.",
                limit="kept_bytes",
                hint="Map fewer large bundles, or aggregate only the values that are needed.",
            )

    def _scope(self, bundles: Mapping[int, Held]) -> Scope:
        return Scope(dict(bundles), self._variables)


class _Arrivals:
    """What came to one aggregator: of each bundle, as much as the aggregator speaks of.

    Attributes:
        size: In bytes of JSON; what is kept outside of the iterator is not counted again.
    """

    def __init__(self, collector: Module, mentioned: frozenset[str], within: str) -> None:
        self.collector = collector
        self.scopes: list[Scope] = []
        self.size = 0
        self._mentioned = mentioned
        self._within = within

    def add(self, bundles: Mapping[int, Held], variables: Mapping[str, Any]) -> None:
        """One more."""
        kept = {name: each for name, each in bundles.items() if str(name) in self._mentioned}
        self.scopes.append(Scope(kept, variables if VARIABLES in self._mentioned else {}))
        self.size += sum(e.size for e in kept.values() if e.path.startswith(self._within))

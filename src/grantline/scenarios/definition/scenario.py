"""A scenario: an ordered list of modules with mapping between them, and what starts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from grantline.scenarios.definition.modules import Module, Router
from grantline.scenarios.definition.triggers import MANUAL, Trigger

MOST_STEPS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A value that a run is given when it starts: ``{{ input.name }}``.

    Attributes:
        default: Taken when none is given; a run without it is refused when ``is_required``.
    """

    name: str
    default: Any = None
    is_required: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one scenario may take.

    Attributes:
        at_once: How many of its runs go on at the same time, on all machines together.
        steps: How many modules one run may carry out, each item of an iterator counted.
        within: How long one run may take, waiting not included.
    """

    at_once: int = 1
    steps: int = MOST_STEPS
    within: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario, whole. Two of them are equal when their files say the same.

    Attributes:
        inputs: What a run may be given when it starts.
        modules: In order. A router holds further lists of them.
    """

    name: str
    note: str = ""
    trigger: Trigger = MANUAL
    inputs: tuple[Input, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    modules: tuple[Module, ...] = ()

    def each_module(self) -> Iterator[Module]:
        """Every module, those in branches of routers included, in the order of the page."""
        return _each(self.modules)

    def module(self, number: int) -> Module | None:
        """The module that mappings call by ``number``."""
        return next((each for each in self.each_module() if each.id == number), None)


def _each(modules: tuple[Module, ...]) -> Iterator[Module]:
    for module in modules:
        yield module
        if isinstance(module.does, Router):
            for branch in module.does.branches:
                yield from _each(branch.modules)

"""Expressions of a module: whether they can be read, and whether what they name is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from grantline.calls.expressions import (
    ExpressionFailed,
    Reference,
    check_condition,
    check_expression,
    references,
)
from grantline.scenarios.definition.modules import Router, SetVariables
from grantline.scenarios.definition.plain_modules import module_to_plain
from grantline.scenarios.definition.problem import PlainPath, did_you_mean
from grantline.scenarios.definition.reading import Fault
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.scope import Scene, gives

_CALL: Final = ("url", "headers", "query", "json", "form", "multipart", "text", "file")
# What is filled in, by the key of the module's settings; everything in a field, however deep.
_MAPPED: Final = {
    "make_request": _CALL,
    "download_file": (*_CALL, "folder", "name"),
    "retrieve_headers": _CALL,
    "resolve_url": ("url",),
    "iterator": ("items",),
    "aggregator": ("value", "columns"),
    "sleep": ("span",),
    "respond": ("status", "headers", "json", "form", "text"),
}
_BRACES: Final = "{{"


@dataclass(frozen=True, slots=True)
class _Text:
    path: PlainPath
    text: str
    is_mapped: bool = True
    is_condition: bool = False
    # Names that the module itself has set by then.
    own: frozenset[str] = frozenset()


class Mappings:
    """Checks of one scenario's expressions."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._order = {each.id: i for i, each in enumerate(scenario.each_module())}
        self._inputs = [each.name for each in scenario.inputs]

    def faults(self, scene: Scene) -> Iterator[Fault]:
        """What is wrong with the expressions of one module."""
        for each in _texts(scene):
            if not each.is_mapped:
                if _BRACES in each.text:
                    yield Fault(
                        each.path,
                        "Expressions are not filled in here.",
                        "Write a fixed value.",
                    )
                continue
            try:
                check = check_condition if each.is_condition else check_expression
                check(each.text)
                named = references(each.text)
            except ExpressionFailed as error:
                where = _spot(error.line, error.column)
                yield Fault(each.path, f"{where}: {error.message}", error.hint)
                continue
            for reference in named:
                if (found := self._unknown(reference, scene, each.own)) is not None:
                    line = each.text.count("\n", 0, reference.offset) + 1
                    column = reference.offset - each.text.rfind("\n", 0, reference.offset)
                    yield Fault(each.path, f"{_spot(line, column)}: {found[0]}", found[1])

    def _unknown(
        self, named: Reference, scene: Scene, own: frozenset[str]
    ) -> tuple[str, str] | None:
        """Why what ``named`` speaks of is not there, and what helps; None when it is."""
        first = named.path[0] if named.path else None
        if named.root.isdecimal():
            return self._module(int(named.root), first, scene)
        if not isinstance(first, str):
            return None
        if named.root == "input" and first not in self._inputs:
            hint = did_you_mean(first, self._inputs) or "Add it to the inputs of the scenario."
            return f"There is no input {first}.", hint
        if named.root == "vars" and first not in scene.variables | own:
            known = sorted(scene.variables | own)
            hint = did_you_mean(first, known) or "Set it with Set variables, before this module."
            return f"No module before this one sets the variable {first}.", hint
        return None

    def _module(self, number: int, first: str | int | None, scene: Scene) -> tuple[str, str] | None:
        there = {each.id: each for each in scene.visible}
        if (module := there.get(number)) is not None:
            known = gives(module)
            if known is None or not isinstance(first, str) or first in known:
                return None
            return (
                f"Module {number}, {module.label}, gives nothing of the name {first}.",
                did_you_mean(first, known),
            )
        usable = ", ".join(str(each) for each in there)
        hint = f"Modules that can be used here: {usable}." if usable else "Use input or trigger."
        return self._absence(number, scene), hint

    def _absence(self, number: int, scene: Scene) -> str:
        module = self._scenario.module(number)
        if module is None:
            return f"There is no module {number}."
        if module.id == scene.module.id:
            return f"Module {number} is this module itself."
        if not module.is_enabled:
            return f"Module {number} is off."
        if self._order[number] > self._order.get(scene.module.id, 0):
            return f"Module {number} comes after this one."
        if isinstance(module.does, Router):
            return f"Module {number} is a router, which gives nothing itself."
        if number in scene.closed:
            return f"Module {number} is in a loop that module {scene.closed[number]} has closed."
        return f"Module {number} is in a branch that this module is not in."


def _texts(scene: Scene) -> Iterator[_Text]:
    """The texts of a module that may hold expressions, and those that may not."""
    module, path = scene.module, scene.path
    plain = module_to_plain(module)
    if module.when:
        yield _Text((*path, "when"), module.when, is_condition=True)
    does, here = module.does, (*path, module.does.kind)
    if isinstance(does, Router):
        for number, branch in enumerate(does.branches):
            if branch.when:
                where = (*here, "branches", number, "when")
                yield _Text(where, branch.when, is_condition=True)
    elif isinstance(does, SetVariables):
        own: frozenset[str] = frozenset()
        for name, value in does.variables:
            yield from _strings(value, (*here, name), own=own)
            own |= {name}
    else:
        mapped = _MAPPED[does.kind]
        for key, value in plain[does.kind].items():
            yield from _strings(value, (*here, key), is_mapped=key in mapped)
    if isinstance(fallback := module.on_error.fallback, dict | list | str):
        yield from _strings(fallback, (*path, "on_error", "fallback"))


def _strings(
    value: Any, path: PlainPath, *, is_mapped: bool = True, own: frozenset[str] = frozenset()
) -> Iterator[_Text]:
    if isinstance(value, str):
        yield _Text(path, value, is_mapped, own=own)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _strings(each, (*path, name), is_mapped=is_mapped, own=own)
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _strings(each, (*path, index), is_mapped=is_mapped, own=own)


def _spot(line: int, column: int) -> str:
    return f"Column {column}" if line == 1 else f"Line {line}, column {column} of the text"

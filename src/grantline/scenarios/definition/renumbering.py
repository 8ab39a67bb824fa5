"""A module whose expressions speak of other numbers: ``{{ 3.data }}`` becomes ``{{ 8.data }}``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from grantline.calls.expressions import ExpressionFailed, references
from grantline.scenarios.definition.modules import Aggregate, Does, Module, Router
from grantline.scenarios.definition.plain_modules import does_from_plain, does_to_plain
from grantline.scenarios.definition.reading import Place


def renumbered(module: Module, numbers: Mapping[int, int]) -> Module:
    """``module`` under its new number, speaking of the new ones; what is in its branches stays.

    Args:
        module: What is to change.
        numbers: The new number of each module that has one.
    """
    handler = module.on_error
    return replace(
        module,
        id=numbers[module.id],
        when=_text(module.when, numbers),
        does=_does(module.does, numbers),
        on_error=replace(handler, fallback=_deep(handler.fallback, numbers)),
    )


def _does(does: Does, numbers: Mapping[int, int]) -> Does:
    if isinstance(does, Router):
        branches = (replace(each, when=_text(each.when, numbers)) for each in does.branches)
        return replace(does, branches=tuple(branches))
    if isinstance(does, Aggregate):
        does = replace(does, source=numbers.get(does.source, does.source))
    plain = does_to_plain(does)
    changed = _deep(plain, numbers)
    return does if changed == plain else does_from_plain(Place(changed), does.kind)


def _deep(value: Any, numbers: Mapping[int, int]) -> Any:
    if isinstance(value, str):
        return _text(value, numbers)
    if isinstance(value, Mapping):
        return {name: _deep(each, numbers) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_deep(each, numbers) for each in value)
    return value


def _text(text: str, numbers: Mapping[int, int]) -> str:
    try:
        found = references(text)
    except ExpressionFailed:
        # Whoever wrote it mends it, in the copy as in the original.
        return text
    for each in reversed(found):
        new = numbers.get(int(each.root)) if each.root.isdecimal() else None
        if new is not None:
            text = f"{text[: each.offset]}{new}{text[each.offset + len(each.root) :]}"
    return text

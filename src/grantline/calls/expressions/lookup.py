"""What is at a path, and what is near it when nothing is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from grantline.calls.expressions import nodes
from grantline.calls.expressions.wording import clipped, did_you_mean, failed, kind_of, listed
from grantline.errors import ExpressionFailed

# ``(text, node, names or value, worked-out keys)``.
Walk = Callable[[str, nodes.Path | nodes.Member, Any, Sequence[Any]], Any]
IDENTIFIER: Final = re.compile(r"[^\W\d]\w*")


def walked(text: str, node: nodes.Path | nodes.Member, start: Any, keys: Sequence[Any] = ()) -> Any:
    """What is at the end of ``node``; raises ``ExpressionFailed`` where it leads nowhere.

    Args:
        text: In which it was written.
        node: A path, or the way on from a value.
        start: The names, for a path; else the value.
        keys: Of the steps that are worked out, in order.
    """
    if isinstance(node, nodes.Path):
        if node.root not in start:
            raise _unknown_root(text, node, start)
        start = start[node.root]
    value, left, key = _followed(node.steps, start, keys)
    if left:
        raise _nothing_there(text, node, len(node.steps) - left, key, value)
    return checked(text, node, value)


def is_there(
    text: str, node: nodes.Path | nodes.Member, start: Any, keys: Sequence[Any] = ()
) -> bool:
    """Whether ``node`` leads somewhere. A module that gave nothing at all is an error even so."""
    if isinstance(node, nodes.Path):
        if node.root not in start:
            if node.root.isdigit():
                raise _unknown_root(text, node, start)
            return False
        start = start[node.root]
    _, left, _ = _followed(node.steps, start, keys)
    return not left


def _followed(
    steps: tuple[nodes.Step, ...], value: Any, keys: Sequence[Any]
) -> tuple[Any, int, Any]:
    """How far ``steps`` lead: the last value, how many steps are left, and the next one's key."""
    worked_out = iter(keys)
    for number, step in enumerate(steps):
        key = step.key if isinstance(step.key, str | int) else next(worked_out)
        if isinstance(value, Mapping):
            if isinstance(key, str) and key in value:
                value = value[key]
                continue
        elif isinstance(value, list) and type(key) is int and -len(value) <= key < len(value):
            value = value[key]
            continue
        return value, len(steps) - number, key
    return value, 0, None


def checked(text: str, node: nodes.Path | nodes.Member, value: Any) -> Any:
    """``value`` as JSON has it; nothing else of Python may be reached from an expression."""
    if value is None or isinstance(value, str | bool | int | float | Decimal | list | dict):
        return value
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise failed(text, node.offset, "What is here is no JSON value.")


def written(start: str, keys: Sequence[str | int]) -> str:
    """A path as an expression says it: ``1.data.items[0]["odd key"]``."""
    parts = [start]
    for key in keys:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        elif IDENTIFIER.fullmatch(key):
            parts.append(f".{key}")
        else:
            parts.append(f"[{_quoted(key)}]")
    return "".join(parts)


def _quoted(key: str) -> str:
    plain = key.replace("\\", "\\\\").replace('"', '\\"')
    plain = plain.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{plain}"'


def _unknown_root(text: str, node: nodes.Path, names: Mapping[str, Any]) -> ExpressionFailed:
    if not node.root.isdigit():
        return failed(
            text, node.offset, f"This run has no {node.root}.", "Use default(...) where it may not."
        )
    numbers = sorted((name for name in names if name.isdigit()), key=int)
    there = f"there is {numbers[0]}" if len(numbers) == 1 else f"there are {listed(numbers)}"
    return failed(
        text,
        node.offset,
        f"There is no module {node.root} before this one"
        + (f"; {there}." if numbers else ", which is the first."),
    )


def _nothing_there(
    text: str, node: nodes.Path | nodes.Member, number: int, key: Any, value: Any
) -> ExpressionFailed:
    message, hint = _reason(_name_before(node, number), key, value)
    return failed(text, node.steps[number].offset, message, hint)


def _reason(before: str, key: Any, value: Any) -> tuple[str, str]:
    if isinstance(value, Mapping):
        if not isinstance(key, str):
            return f"{before} is an object; {kind_of(key)} names nothing in it.", _gives(value)
        return f"{before} has no {clipped(key)}.", _near(key, value)
    if isinstance(value, list):
        if not isinstance(key, str | int) or isinstance(key, bool):
            return f"{before} is a list; its places are whole numbers, not {kind_of(key)}.", ""
        if isinstance(key, str):
            first = 'its first item is [0], and "| first" gives it too.' if value else ""
            return f"{before} is {kind_of(value)}, and a list has no names in it.", (
                f"Take one of its items: {first}" if value else "The list is empty."
            )
        if not value:
            return f"{before} is an empty list; there is no [{key}].", ""
        last = len(value) - 1
        count = "1 item" if not last else f"{len(value)} items"
        return f"{before} has {count}; there is no [{key}].", (
            "The only one is [0]." if not last else f"The last is [{last}], and [-1] as well."
        )
    hint = ""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        hint = "It looks like JSON: (... | from_json) reads it."
    elif value is None:
        hint = "Where it may be null, write default(...) behind the whole path."
    return f"{before} is {kind_of(value)}, and nothing is inside.", hint


def _near(key: str, value: Mapping[str, Any]) -> str:
    names = [name if IDENTIFIER.fullmatch(name) else f"[{_quoted(name)}]" for name in value]
    near = did_you_mean(key, names)
    return f"{_gives(value)} {near}".rstrip()


def _gives(value: Mapping[str, Any]) -> str:
    if not value:
        return "It is empty."
    return f"It has {listed(str(name) for name in value)}."


def _name_before(node: nodes.Path | nodes.Member, number: int) -> str:
    keys: list[str | int] = []
    for step in node.steps[:number]:
        if not isinstance(step.key, str | int):
            return "The value before"
        keys.append(clipped(step.key) if isinstance(step.key, str) else step.key)
    if isinstance(node, nodes.Member):
        return "The value before"
    return written(node.root, keys)

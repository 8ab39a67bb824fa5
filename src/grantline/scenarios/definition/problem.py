"""One thing that is wrong with a scenario, with the place where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

# Where a value is in the plain form of a scenario: names, and numbers of entries from 0.
PlainPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, for people and for pages that mark the field.

    Attributes:
        module_id: The number of the module; None where it concerns the scenario.
        field: The place below the module, or below the scenario, as files spell it:
            ``make_request.headers.Accept``.
        message: One sentence.
        hint: What helps.
        path: The place from the top of the scenario's plain form.
        line: Of the file it was read from, from 1; None where there is no file.
        column: From 1.
    """

    module_id: int | None
    field: str
    message: str
    hint: str = ""
    path: PlainPath = ()
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"Line {self.line}: " if self.line is not None else ""
        return f"{place}{self.message} {self.hint}".rstrip()


def path_text(path: PlainPath) -> str:
    """A path as people read it: ``modules[0].router.branches[1].when``, entries from 1."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            text += f".{step}" if text else step
    return text


def place_in(plain: Any, path: PlainPath) -> tuple[int | None, str, PlainPath]:
    """Which module ``path`` leads into: its number, what people call it, and the way from there.

    ``plain`` may be anything that a person wrote.
    """
    number: int | None = None
    label, start, current = "", 0, plain
    for index, step in enumerate(path):
        current = _below(current, step)
        if index and path[index - 1] == "modules" and isinstance(step, int):
            number, label = _named(current, step)
            start = index + 1
    return number, label, path[start:]


def _named(module: Any, position: int) -> tuple[int | None, str]:
    if not isinstance(module, Mapping):
        return None, f"Entry {position + 1} of the modules"
    number, name = module.get("id"), module.get("name")
    shown = f" “{name}”" if isinstance(name, str) and name else ""
    if type(number) is int:
        return number, f"Module {number}{shown}"
    return None, f"Entry {position + 1} of the modules{shown and f',{shown}'}"


def _below(value: Any, step: str | int) -> Any:
    if isinstance(step, str) and isinstance(value, Mapping):
        return value.get(step)
    if isinstance(step, int) and isinstance(value, Sequence) and not isinstance(value, str):
        return value[step] if step < len(value) else None
    return None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """``Did you mean X?``, or all that there is when nothing is near."""
    near = get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    return f"There are: {', '.join(known)}." if known else ""

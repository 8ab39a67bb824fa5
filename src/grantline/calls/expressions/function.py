"""A filter or test: what it does, and how it is called."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grantline.calls.expressions.wording import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One filter or test.

    Attributes:
        run: Takes the value, then the arguments; raises ``Refused``.
        parameters: Of the arguments, in order.
        required: How many of them must be given.
        takes_many: Whether any number of further ones may follow.
        usage: How it is written, with what holds for arguments that are left out.
    """

    name: str
    run: Callable[..., Any]
    parameters: tuple[str, ...]
    required: int
    takes_many: bool
    usage: str

    def problem_with(self, plain: int, named: Sequence[str]) -> str:
        """What is wrong with a call that has so many arguments, and these by name."""
        for name in named:
            if name not in self.parameters:
                near = did_you_mean(name, self.parameters)
                return f"{self.name} has no argument named {name}. {near}".rstrip()
        given = [*self.parameters[:plain], *named]
        if len(set(given)) < len(given):
            return f"{self.name} is given an argument twice."
        if plain > len(self.parameters) and not self.takes_many:
            most = len(self.parameters)
            return f"{self.name} takes {_count(most)}, and is given {plain}."
        missing = [name for name in self.parameters[: self.required] if name not in given]
        return f"{self.name} needs its argument {missing[0]}." if missing else ""


def functions_of(given: Mapping[str, Callable[..., Any]]) -> dict[str, Function]:
    """``given`` by name, each with what its signature says of its arguments."""
    return {name: _function(name, run) for name, run in given.items()}


def _function(name: str, run: Callable[..., Any]) -> Function:
    after_value = list(inspect.signature(run).parameters.values())[1:]
    single = [each for each in after_value if each.kind is not each.VAR_POSITIONAL]
    required = [each for each in single if each.default is each.empty]
    parameters = tuple(each.name for each in single)
    shown = [_shown(each) for each in after_value]
    return Function(
        name=name,
        run=run,
        parameters=parameters,
        required=len(required),
        takes_many=len(single) < len(after_value),
        usage=f"{name}({', '.join(shown)})" if shown else name,
    )


def _shown(parameter: inspect.Parameter) -> str:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return f"{parameter.name}..."
    if parameter.default is parameter.empty:
        return parameter.name
    return f"{parameter.name}={json.dumps(parameter.default)}"


def _count(number: int) -> str:
    return {0: "no argument", 1: "one argument"}.get(number, f"{number} arguments")

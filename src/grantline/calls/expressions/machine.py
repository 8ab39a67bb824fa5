"""The one door to minijinja: a program is run under fuel, and its values stay on this side."""

from __future__ import annotations

from typing import Any, Final

from minijinja import Environment, TemplateError

from grantline.calls.expressions.lookup import walked
from grantline.calls.expressions.program import Condition, Names, Program, Run
from grantline.calls.expressions.wording import Refused, failed

# minijinja burns about one for each of its instructions; a program has a few thousand at most.
FUEL: Final = 50_000
# About how many characters may pass through the filters and signs of one expression; an item of a
# list takes as long as some twenty of them.
MOST_WORK: Final = 20_000_000
_ITEM: Final = 20

# What Python says when a value is none that a filter foresaw: a depth, a number beyond its types.
_UNFIT: Final = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)


class _Handle:
    """A value as minijinja sees it: something to hand on, with nothing to ask it for."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _work(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return len(value) * _ITEM if isinstance(value, list | dict) else 1


def _environment() -> Environment:
    # Nothing can be loaded, escaped or called but what a program brings along.
    return Environment(fuel=FUEL, undefined_behavior="strict", debug=False, pycompat=False)


_ENVIRONMENT: Final = _environment()


def run(program: Program, names: Names) -> Any:
    """What ``program`` gives with ``names``; raises ``ExpressionFailed`` with the position."""
    if program.path is not None:
        return walked(program.text, program.path, names)
    this_run = Run(names)
    left = MOST_WORK

    def do(number: int, *handles: _Handle) -> _Handle | bool:
        nonlocal left
        stage = program.stages[number]
        operands = [each.value for each in handles]
        try:
            if not stage.is_light:
                left -= sum(map(_work, operands))
                if left < 0:
                    raise Refused("There is too much data to work on.", "Take a part of it first.")
            value = stage.deed(this_run, *operands)
        except Refused as refused:
            raise failed(program.text, stage.offset, refused.message, refused.hint) from None
        except _UNFIT:
            raise failed(
                program.text, stage.offset, "This does not work with the values that are here."
            ) from None
        return value.holds if isinstance(value, Condition) else _Handle(value)

    try:
        result = _ENVIRONMENT.eval_expr(program.source, d=do)
    except TemplateError as error:
        raise failed(
            program.text,
            program.offset,
            "The expression is too much to work out.",
            "Set a variable on the way.",
        ) from error
    return result.value

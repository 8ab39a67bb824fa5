"""The one door to minijinja: a program is run under fuel, and its values stay on this side."""

from __future__ import annotations

from typing import Any, Final

from minijinja import Environment, TemplateError

from grantline.calls.expressions.lookup import walked
from grantline.calls.expressions.program import Condition, Names, Program, Run
from grantline.calls.expressions.wording import Refused, failed

# minijinja burns about one for each of its instructions; a program has a few thousand at most.
FUEL: Final = 50_000


class _Handle:
    """A value as minijinja sees it: something to hand on, with nothing to ask it for."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _environment() -> Environment:
    # Nothing can be loaded, escaped or called but what a program brings along.
    return Environment(fuel=FUEL, undefined_behavior="strict", debug=False, pycompat=False)


_ENVIRONMENT: Final = _environment()


def run(program: Program, names: Names) -> Any:
    """What ``program`` gives with ``names``; raises ``ExpressionFailed`` with the position."""
    if program.path is not None:
        return walked(program.text, program.path, names)
    this_run = Run(names)

    def do(number: int, *handles: _Handle) -> _Handle | bool:
        offset, deed = program.deeds[number]
        try:
            value = deed(this_run, *[each.value for each in handles])
        except Refused as refused:
            raise failed(program.text, offset, refused.message, refused.hint) from None
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

"""An expression made ready to run: what minijinja walks, and what is done at each of its steps.

minijinja decides what is worked out and in what order, and burns fuel for it. The values stay here,
behind handles: minijinja's own have fewer digits than JSON, are copied whole each time they pass,
and its operators on lists and texts burn no fuel for the time that they take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from grantline.calls.expressions import lookup, nodes, operators
from grantline.calls.expressions.filters import FILTERS, TESTS
from grantline.calls.expressions.function import Function
from grantline.calls.expressions.nodes import Node
from grantline.calls.expressions.values import truth
from grantline.calls.expressions.wording import clipped, did_you_mean, failed

MOST_STEPS: Final = 2000

Names = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """What minijinja decides by: the one value that it sees itself."""

    holds: bool


@dataclass(slots=True)
class Run:
    """One working out of an expression: its names, and values kept for later on the way."""

    names: Names
    kept: dict[int, Any] = field(default_factory=dict)


# What one step does with the values of its operands: ``deed(run, *values)``.
Deed = Callable[..., Any]

# Filters whose work does not grow with what they are given.
_LIGHT: Final = frozenset({"default", "first", "last", "length"})


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a program.

    Attributes:
        offset: The place in the text that errors name.
        is_light: Whether it takes the same time however large its operands are.
    """

    offset: int
    deed: Deed
    is_light: bool


@dataclass(frozen=True, slots=True)
class Program:
    """One expression.

    Attributes:
        text: The whole text in which it was written, for errors.
        offset: Where the expression begins in it.
        source: What minijinja evaluates: calls of ``d``, each with the number of a deed, and
            choices between them.
        stages: What is done, by number.
        path: The expression, when it is a path without anything to work out.
    """

    text: str
    offset: int
    source: str
    stages: tuple[Stage, ...]
    path: nodes.Path | None


def program_of(node: Node, text: str) -> Program:
    """``node``, read from ``text``, ready to run; raises ``ExpressionFailed``."""
    if isinstance(node, nodes.Path) and all(isinstance(step.key, str | int) for step in node.steps):
        return Program(text, node.offset, "", (), node)
    compiler = _Compiler(text)
    source = compiler.source_of(node)
    return Program(text, node.offset, source, tuple(compiler.stages), None)


class _Compiler:
    def __init__(self, text: str) -> None:
        self.stages: list[Stage] = []
        self._text = text
        self._slots = 0

    def source_of(self, node: Node) -> str:
        match node:
            case nodes.Literal(offset, value):
                return self._call(offset, lambda _: value)
            case nodes.Path() | nodes.Member():
                return self._way(node, lookup.walked)
            case nodes.Filter():
                return self._filter(node)
            case nodes.Test():
                return self._test(node)
            case nodes.Choice() | nodes.Either():
                return self._choice(node)
            case _:
                return self._made(node)

    def _made(self, node: nodes.Part | nodes.ListOf | nodes.ObjectOf | nodes.Operation) -> str:
        match node:
            case nodes.Part(offset, value, part):
                bounds = [each for each in (part.start, part.stop) if each is not None]
                deed = operators.part_of(
                    has_start=part.start is not None, has_stop=part.stop is not None
                )
                return self._call(part.offset, _plain(deed), value, *bounds)
            case nodes.ListOf(offset, items):
                return self._call(offset, lambda _, *values: list(values), *items, is_light=True)
            case nodes.ObjectOf(offset, pairs):
                flat = [each for pair in pairs for each in pair]
                return self._call(offset, _plain(operators.object_of), *flat, is_light=True)
            case nodes.Operation(offset, operator, operands):
                return self._call(offset, _plain(operators.OPERATORS[operator]), *operands)

    def _choice(self, node: nodes.Choice | nodes.Either) -> str:
        match node:
            case nodes.Choice(offset, condition, yes, no):
                asked = self._call(offset, _is_true, condition, is_light=True)
                return f"({self.source_of(yes)} if {asked} else {self.source_of(no)})"
            case nodes.Either(offset, is_and, left, right):
                # The first value is kept, so that nothing is worked out twice.
                self._slots += 1
                asked = self._call(offset, _keeping(self._slots), left, is_light=True)
                kept = self._call(offset, _kept(self._slots))
                other = self.source_of(right)
                return (
                    f"({other} if {asked} else {kept})"
                    if is_and
                    else f"({kept} if {asked} else {other})"
                )

    def _filter(self, node: nodes.Filter) -> str:
        function = self._function(node, FILTERS, "filter", [name for name, _ in node.named])
        names = tuple(name for name, _ in node.named)
        operands = (node.value, *node.arguments, *(value for _, value in node.named))
        given = partial(
            self._call,
            node.offset,
            _applied(function, names),
            *operands,
            is_light=node.name in _LIGHT,
        )
        if node.name != "default" or not isinstance(node.value, nodes.Path | nodes.Member):
            return given()
        is_there = self._way(node.value, _is_there)
        fallback = next(
            iter([*node.arguments, *(value for name, value in node.named if name == "fallback")]),
            nodes.Literal(node.offset, ""),
        )
        return f"({given()} if {is_there} else {self.source_of(fallback)})"

    def _test(self, node: nodes.Test) -> str:
        function = self._function(node, TESTS, "test", [])
        wanted = not node.is_negated
        if node.name == "defined" and isinstance(node.value, nodes.Path | nodes.Member):
            is_there = self._way(node.value, _is_there)
            yes, no = (self._call(node.offset, _constant(value)) for value in (wanted, not wanted))
            return f"({yes} if {is_there} else {no})"

        def deed(_: Run, *values: Any) -> bool:
            return bool(function.run(*values)) is wanted

        return self._call(node.offset, deed, node.value, *node.arguments)

    def _function(
        self,
        node: nodes.Filter | nodes.Test,
        known: Mapping[str, Function],
        what: str,
        named: list[str],
    ) -> Function:
        function = known.get(node.name)
        if function is None:
            hint = did_you_mean(node.name, known)
            raise failed(
                self._text,
                node.offset,
                f"There is no {what} named {clipped(node.name)}.",
                hint or f"The {what}s are {', '.join(known)}.",
            )
        problem = function.problem_with(len(node.arguments), named)
        if problem:
            raise failed(self._text, node.offset, problem, f"Write {function.usage}.")
        return function

    def _way(self, node: nodes.Path | nodes.Member, walk: lookup.Walk) -> str:
        text = self._text
        dynamic = [step.key for step in node.steps if not isinstance(step.key, str | int)]
        if isinstance(node, nodes.Path):

            def from_name(run: Run, *keys: Any) -> Any:
                return walk(text, node, run.names, keys)

            return self._call(node.offset, from_name, *dynamic, is_light=True)

        def onward(_: Run, value: Any, *keys: Any) -> Any:
            return walk(text, node, value, keys)

        return self._call(node.offset, onward, node.value, *dynamic, is_light=True)

    def _call(self, offset: int, deed: Deed, *operands: Node, is_light: bool = False) -> str:
        number = len(self.stages)
        if number >= MOST_STEPS:
            raise failed(self._text, offset, "The expression is too long.")
        self.stages.append(Stage(offset, deed, is_light))
        arguments = "".join(f",{self.source_of(each)}" for each in operands)
        return f"d({number}{arguments})"


def _plain(function: Callable[..., Any]) -> Deed:
    return lambda _, *values: function(*values)


def _constant(value: Any) -> Deed:
    return lambda _: value


def _is_true(_: Run, value: Any) -> Condition:
    return Condition(truth(value))


def _is_there(
    text: str, node: nodes.Path | nodes.Member, start: Any, keys: Sequence[Any]
) -> Condition:
    return Condition(lookup.is_there(text, node, start, keys))


def _keeping(slot: int) -> Deed:
    def keep(run: Run, value: Any) -> Condition:
        run.kept[slot] = value
        return Condition(truth(value))

    return keep


def _kept(slot: int) -> Deed:
    return lambda run: run.kept[slot]


def _applied(function: Function, names: tuple[str, ...]) -> Deed:
    def apply(_: Run, *values: Any) -> Any:
        plain = len(values) - len(names)
        return function.run(*values[:plain], **dict(zip(names, values[plain:], strict=True)))

    return apply

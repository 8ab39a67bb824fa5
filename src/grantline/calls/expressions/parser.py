"""One expression, read: the grammar of minijinja without calls of methods and without statements.

It is read here and not by minijinja because names begin with digits, because errors speak of the
text that was written, and because nothing that is not listed here can be said at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NoReturn

from grantline.calls.expressions import nodes
from grantline.calls.expressions.nodes import Node
from grantline.calls.expressions.scanner import Scanner
from grantline.calls.expressions.wording import did_you_mean, listed

ROOTS: Final = ("trigger", "input", "vars", "run")
CONSTANTS: Final = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "none": None,
    "None": None,
}
# Parsing calls itself for each level, and so does the machine.
DEEPEST: Final = 40
_LONGEST_CHAIN: Final = 40

_COMPARISONS: Final = re.compile(r"==|!=|<=|>=|<|>|in\b|not\s+in\b")
_MODULE: Final = re.compile(r"([0-9]{1,9})(?=\s*(?:\.\s*[^\W\d]|\[))")
_NUMBER: Final = re.compile(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?")
_NAME: Final = re.compile(r"[^\W\d]\w*")
_INDEX: Final = re.compile(r"[0-9]{1,9}\b")
_PLUS: Final = re.compile(r"[+-]")
_TIMES: Final = re.compile(r"//|\*(?!\*)|/|%(?!})")


_Level = Callable[[], Node]


class Parser:
    """Reads one expression that begins at ``at``, up to where it can go no further."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.scan = Scanner(text, at)
        self.references: list[nodes.Reference] = []
        self._depth = 0

    def expression(self) -> Node:
        """What stands here: a choice, or anything that binds more tightly."""
        self._depth += 1
        if self._depth > DEEPEST:
            self.scan.fail("The expression is nested too deeply.", "Set a variable on the way.")
        yes = self._or()
        at = self.scan.at
        if self.scan.word("if"):
            condition = self._or()
            if not self.scan.word("else"):
                self.scan.fail("This choice does not say what else.", "Write a if b else c.", at=at)
            yes = nodes.Choice(at, condition, yes, self.expression())
        self._depth -= 1
        return yes

    def _or(self) -> Node:
        return self._either("or", self._and)

    def _and(self) -> Node:
        return self._either("and", self._not)

    def _either(self, word: str, below: _Level) -> Node:
        left = below()
        count = 0
        while True:
            at = self.scan.at
            if not self.scan.word(word):
                return left
            count = self._counted(count)
            left = nodes.Either(at, word == "and", left, below())

    def _not(self) -> Node:
        at = self.scan.at
        if self.scan.word("not"):
            self._depth += 1
            if self._depth > DEEPEST:
                self.scan.fail("The expression is nested too deeply.")
            found = nodes.Operation(at, "not", (self._not(),))
            self._depth -= 1
            return found
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._sum()
        at = self.scan.at
        operator = self.scan.match(_COMPARISONS)
        if operator is None:
            return left
        found = nodes.Operation(at, " ".join(operator.split()), (left, self._sum()))
        if self.scan.looking_at(_COMPARISONS):
            self.scan.fail("Comparisons cannot be chained.", "Write a < b and b < c.")
        return found

    def _sum(self) -> Node:
        return self._chain(_PLUS, self._joined)

    def _joined(self) -> Node:
        parts = [self._product()]
        at = self.scan.at
        while self.scan.symbol("~"):
            parts.append(self._product())
        return parts[0] if len(parts) == 1 else nodes.Operation(at, "~", tuple(parts))

    def _product(self) -> Node:
        return self._chain(_TIMES, self._signed)

    def _chain(self, operators: re.Pattern[str], below: _Level) -> Node:
        left = below()
        count = 0
        while True:
            at = self.scan.at
            operator = self.scan.match(operators)
            if operator is None:
                return left
            count = self._counted(count)
            left = nodes.Operation(at, operator, (left, below()))

    def _signed(self) -> Node:
        at = self.scan.at
        sign = self.scan.match(_PLUS)
        if sign is None:
            return self._piped(self._power())
        if self.scan.looking_at(_PLUS):
            self.scan.fail("There are two signs in a row.")
        return self._piped(nodes.Operation(at, f"{sign}x", (self._power(),)))

    def _power(self) -> Node:
        base = self._reached(self._operand())
        at = self.scan.at
        if not self.scan.symbol("**"):
            return base
        sign = self.scan.match(_PLUS)
        exponent = self._reached(self._operand())
        if sign is not None:
            exponent = nodes.Operation(at, f"{sign}x", (exponent,))
        return nodes.Operation(at, "**", (base, exponent))

    def _piped(self, value: Node) -> Node:
        count = 0
        while True:
            at = self.scan.at
            if self.scan.symbol("|"):
                value = self._filter(value)
            elif self.scan.word("is"):
                value = self._test(value)
            else:
                return value
            count = self._counted(count, at)

    def _filter(self, value: Node) -> Node:
        at = self.scan.at
        name = self._wanted_name("a filter after |")
        arguments, named = self._arguments() if self.scan.symbol("(") else ((), ())
        return self._reached(nodes.Filter(at, name, value, arguments, named))

    def _test(self, value: Node) -> Node:
        negated = self.scan.word("not")
        at = self.scan.at
        name = self._wanted_name("a test after is")
        arguments: tuple[Node, ...] = ()
        if self.scan.symbol("("):
            arguments, named = self._arguments()
            if named:
                self.scan.fail("Tests take no named arguments.", at=at)
        elif self.scan.begins_operand():
            arguments = (self._reached(self._operand()),)
        return nodes.Test(at, name, value, arguments, negated)

    def _arguments(self) -> tuple[tuple[Node, ...], tuple[tuple[str, Node], ...]]:
        plain: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not self.scan.symbol(")"):
            name = self.scan.argument_name()
            if name is not None:
                named.append((name, self.expression()))
            elif named:
                self.scan.fail("An argument without a name follows one with a name.")
            else:
                plain.append(self.expression())
            if not self.scan.symbol(","):
                self.scan.expect(")")
                break
        return tuple(plain), tuple(named)

    def _reached(self, value: Node) -> Node:
        """``value`` with the members, places and parts that are taken of it."""
        steps: list[nodes.Step] = []
        count = 0
        while True:
            count = self._counted(count)
            at = self.scan.at
            if self.scan.symbol("."):
                steps.append(self._member())
            elif self.scan.symbol("["):
                inner = self._bracket(at)
                if isinstance(inner, nodes.Step):
                    steps.append(inner)
                    continue
                value = nodes.Part(at, self._with_steps(value, steps), inner)
                steps = []
            elif self.scan.symbol("("):
                self.scan.fail(
                    "Nothing can be called here.", "Filters follow a bar: value | upper.", at=at
                )
            else:
                return self._with_steps(value, steps)

    def _member(self) -> nodes.Step:
        at = self.scan.at
        index = self.scan.match(_INDEX)
        if index is not None:
            return nodes.Step(at, int(index))
        return nodes.Step(at, self._wanted_name("a name after the dot"))

    def _bracket(self, at: int) -> nodes.Step | nodes.Slice:
        if self.scan.symbol(":"):
            return self._slice(at, None)
        begin = self.scan.at
        key = self.expression()
        if self.scan.symbol(":"):
            return self._slice(at, key)
        self.scan.expect("]")
        return nodes.Step(begin, _static_key(key))

    def _slice(self, at: int, start: Node | None) -> nodes.Slice:
        stop = None if self.scan.ahead("]") else self.expression()
        self.scan.expect("]")
        return nodes.Slice(at, start, stop)

    def _with_steps(self, value: Node, steps: list[nodes.Step]) -> Node:
        if not isinstance(value, nodes.Path):
            return nodes.Member(steps[0].offset, value, tuple(steps)) if steps else value
        keys: list[str | int] = []
        for step in steps:
            if not isinstance(step.key, str | int):
                break
            keys.append(step.key)
        self.references.append(
            nodes.Reference(root=value.root, path=tuple(keys), offset=value.offset)
        )
        return nodes.Path(value.offset, value.root, tuple(steps))

    def _operand(self) -> Node:
        self.scan.blanks()
        at = self.scan.at
        number = self.scan.match(_MODULE)
        if number is not None:
            return nodes.Path(at, str(int(number)), ())
        number = self.scan.match(_NUMBER)
        if number is not None:
            return nodes.Literal(at, self.scan.number(number, at))
        text = self.scan.quoted()
        if text is not None:
            return nodes.Literal(at, text)
        name = self.scan.match(_NAME)
        if name is not None:
            return self._named(name, at)
        if self.scan.symbol("("):
            inner = self.expression()
            self.scan.expect(")")
            return inner
        if self.scan.symbol("["):
            return self._list(at)
        if self.scan.symbol("{"):
            return self._object(at)
        return self.scan.fail_operand()

    def _named(self, name: str, at: int) -> Node:
        if name in CONSTANTS:
            return nodes.Literal(at, CONSTANTS[name])
        if name in ROOTS:
            return nodes.Path(at, name, ())
        return self._unknown(name, at)

    def _unknown(self, name: str, at: int) -> NoReturn:
        near = did_you_mean(name, ROOTS)
        if self.scan.text[at - 1] == "-":
            near = 'A name with a hyphen in it stands in brackets: 1.headers["content-type"].'
        if self.scan.ahead("("):
            near = "There are no functions; filters follow a bar: value | upper."
        self.scan.fail(
            f"There is nothing named {name}.",
            near
            or f"Names begin with the number of a module, as 1.data, or with {listed(ROOTS)}; "
            "texts stand in quotes.",
            at=at,
        )

    def _list(self, at: int) -> Node:
        items: list[Node] = []
        while not self.scan.symbol("]"):
            items.append(self.expression())
            if not self.scan.symbol(","):
                self.scan.expect("]")
                break
        return nodes.ListOf(at, tuple(items))

    def _object(self, at: int) -> Node:
        pairs: list[tuple[Node, Node]] = []
        while not self.scan.symbol("}"):
            key = self.expression()
            self.scan.expect(":")
            pairs.append((key, self.expression()))
            if not self.scan.symbol(","):
                self.scan.expect("}")
                break
        return nodes.ObjectOf(at, tuple(pairs))

    def _wanted_name(self, what: str) -> str:
        self.scan.blanks()
        name = self.scan.match(_NAME)
        return name if name is not None else self.scan.fail(f"Here should be {what}.")

    def _counted(self, count: int, at: int | None = None) -> int:
        if count >= _LONGEST_CHAIN:
            self.scan.fail("The expression is too long.", "Set a variable on the way.", at=at)
        return count + 1


def _static_key(key: Node) -> str | int | Node:
    """``key`` as it is when it is written down, so that it can be looked up and listed."""
    match key:
        case nodes.Literal(value=bool()):
            return key
        case nodes.Literal(value=str() | int() as value):
            return value
        case nodes.Operation(operator="-x", operands=(nodes.Literal(value=int() as value),)):
            return -value
        case _:
            return key

"""An expression as it was read: a tree of frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One name that a text speaks of.

    Attributes:
        root: ``"1"`` for module 1, or ``trigger``, ``input``, ``vars``, ``run``.
        path: The names and places that follow, up to the first that is worked out itself.
        offset: Where it begins in the text.
    """

    root: str
    path: tuple[str | int, ...]
    offset: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, truth value or null that was written down."""

    offset: int
    value: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step along a path; ``key`` is a node where it is worked out."""

    offset: int
    key: str | int | Node


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a list or text: ``[1:3]``."""

    offset: int
    start: Node | None
    stop: Node | None


@dataclass(frozen=True, slots=True)
class Path:
    """A name, and the way from it: ``1.data.items[0].id``."""

    offset: int
    root: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """The way on from a value that is no name: ``(1.data | first).id``."""

    offset: int
    value: Node
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A slice of a value."""

    offset: int
    value: Node
    slice: Slice


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``."""

    offset: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """``{"name": value}``."""

    offset: int
    pairs: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with what it works on; ``~`` takes any number, ``not`` and signs take one."""

    offset: int
    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """``a or b``, and with ``is_and`` ``a and b``: the second is worked out only when needed."""

    offset: int
    is_and: bool
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice:
    """``yes if condition else no``."""

    offset: int
    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Filter:
    """``value | name(arguments)``; a test is one whose answer is yes or no."""

    offset: int
    name: str
    value: Node
    arguments: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Test:
    """``value is name(arguments)``."""

    offset: int
    name: str
    value: Node
    arguments: tuple[Node, ...]
    is_negated: bool


Node = (
    Literal | Path | Member | Part | ListOf | ObjectOf | Operation | Either | Choice | Filter | Test
)

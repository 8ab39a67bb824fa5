"""JSON text for people: indented, and as a tree that can be folded; every number as it was sent.

The text is read token by token and without recursion, so that neither nesting nor size costs more
than the limits here, and nothing is rounded: ``12345678901234567890`` and ``1.10`` stay.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_NODES: Final = 10_000
# Deeper parts are written in one line, and are one node of the tree.
MAX_DEPTH: Final = 64
MAX_VALUE: Final = 1_000
MAX_PATH: Final = 500

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:([\[\]{},:])|("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))"
)
_BLANK = re.compile(r"[ \t\r\n]*")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_INDENT: Final = "  "


class NodeKind(StrEnum):
    """The type of a JSON value."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the tree.

    Attributes:
        path: How to reach it, ``data.items[0].id``; empty for the whole.
        depth: 0 for the whole.
        key: The name or index in its parent; empty for the whole.
        kind: Its type.
        text: A string without quotes, a number as it was sent; empty for objects and arrays.
        cut: Whether part of it is left out here: a long text, or a part that is too deep.
    """

    path: str
    depth: int
    key: str
    kind: NodeKind
    text: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Outline:
    """A JSON text as people read it.

    Attributes:
        pretty: The text, indented.
        nodes: The values in the order of the text, parents before their children.
        cut: Whether values are left out because there are too many.
    """

    pretty: str
    nodes: tuple[Node, ...]
    cut: bool = False


def path_below(parent: str, key: str | int, *, spelt: str = "") -> str:
    """The path of a member: of a list by its place, of an object by its name.

    Args:
        parent: The path of the list or object.
        key: Place or name.
        spelt: How the name is spelt in JSON where it is known, quotes included.
    """
    if isinstance(key, int):
        return f"{parent}[{key}]"
    if _PLAIN_KEY.fullmatch(key):
        return f"{parent}.{key}" if parent else key
    return f"{parent}[{spelt or json.dumps(key, ensure_ascii=False)}]"


class NotWellFormed(Exception):
    """The text is not JSON; never leaves this module."""


def outline(text: str, *, max_nodes: int = MAX_NODES) -> Outline | None:
    """``text`` indented and as a tree; None when it is not JSON (RFC 8259)."""
    reader = _Reader(text, max_nodes)
    try:
        reader.read()
    except NotWellFormed:
        return None
    return Outline("".join(reader.pretty), tuple(reader.nodes), reader.cut)


@dataclass(slots=True)
class _Level:
    """An object or array that is open."""

    node: Node | None
    is_object: bool
    count: int = 0
    key: str = ""


@dataclass(slots=True)
class _Reader:
    text: str
    max_nodes: int
    at: int = 0
    pretty: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    cut: bool = False
    levels: list[_Level] = field(default_factory=list)

    def read(self) -> None:
        """Reads the whole text: one value, and then nothing."""
        self._value()
        while self.levels:
            self._item()
        blank = _BLANK.match(self.text, self.at)
        if blank is None or blank.end() != len(self.text):
            raise NotWellFormed

    def _token(self) -> str:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            raise NotWellFormed
        self.at = match.end()
        return match[match.lastindex or 0]

    def _item(self) -> None:
        """The next member of what is open, or its end."""
        level = self.levels[-1]
        close = "}" if level.is_object else "]"
        before = self.at
        token = self._token()
        if token == close:
            self.levels.pop()
            if level.count:
                self._line()
            self.pretty.append(close)
            return
        if level.count:
            if token != ",":
                raise NotWellFormed
            self.pretty.append("," if len(self.levels) <= MAX_DEPTH else ", ")
        else:
            self.at = before
        level.count += 1
        self._line()
        if level.is_object:
            key = self._token()
            if not key.startswith('"') or self._token() != ":":
                raise NotWellFormed
            level.key = key
            self.pretty += (key, ": ")
        self._value()

    def _value(self) -> None:
        token = self._token()
        self.pretty.append(token)
        if token in {"{", "["}:
            node = self._node(token)
            self.levels.append(_Level(node, is_object=token == "{"))
        elif token in {"}", "]", ",", ":"}:
            raise NotWellFormed
        else:
            self._node(token)

    def _line(self) -> None:
        if len(self.levels) <= MAX_DEPTH:
            self.pretty.append("\n" + _INDENT * len(self.levels))

    def _node(self, token: str) -> Node | None:
        """Adds a value to the tree, while there is room for it."""
        level = self.levels[-1] if self.levels else None
        if level is not None and (level.node is None or level.node.cut):
            return None
        if len(self.nodes) >= self.max_nodes:
            self.cut = True
            return None
        path, key = _place(level)
        kind, value = _meaning(token)
        deep = kind in {NodeKind.OBJECT, NodeKind.ARRAY} and (
            len(self.levels) >= MAX_DEPTH or len(path) > MAX_PATH
        )
        node = Node(
            path, len(self.levels), key, kind, value[:MAX_VALUE], deep or len(value) > MAX_VALUE
        )
        self.nodes.append(node)
        return node


def _place(level: _Level | None) -> tuple[str, str]:
    """The path and the key of the next value in ``level``."""
    if level is None or level.node is None:
        return "", ""
    parent = level.node.path
    if not level.is_object:
        return path_below(parent, level.count - 1), str(level.count - 1)
    key = _string(level.key)
    return path_below(parent, key, spelt=level.key), key


def _meaning(token: str) -> tuple[NodeKind, str]:
    match token[0]:
        case "{":
            return NodeKind.OBJECT, ""
        case "[":
            return NodeKind.ARRAY, ""
        case '"':
            return NodeKind.STRING, _string(token)
        case "t" | "f":
            return NodeKind.BOOLEAN, token
        case "n":
            return NodeKind.NULL, token
        case _:
            return NodeKind.NUMBER, token


def _string(token: str) -> str:
    """What a JSON string says; a half of a surrogate pair, which is no character, as U+FFFD."""
    text: str = json.loads(token)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

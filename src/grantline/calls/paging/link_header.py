"""Links in headers (RFC 8288), read as leniently as section 3 and appendix B ask for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TARGET = re.compile(r"[\s,]*<([^>]*)>")
_PARAMETER = re.compile(
    r"""\s*;\s*([^\s=;,"]+)\s*(?:=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;,]*)))?""", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_TO_NEXT = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*"?)*')


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where it leads, as written, and its relation types in lower case."""

    target: str
    relations: tuple[str, ...]


def parse_links(values: Iterable[str]) -> tuple[Link, ...]:
    """The links in the values of Link headers, in order.

    A link with an ``anchor`` says something of another page, and is left out (section 3.2).
    """
    return tuple(link for value in values for link in _links(value))


def next_link(values: Iterable[str]) -> str | None:
    """The target of the first link with the relation ``next``; None when there is none."""
    links = parse_links(values)
    return next((link.target for link in links if "next" in link.relations), None)


def _links(value: str) -> Iterator[Link]:
    at = 0
    while (target := _TARGET.match(value, at)) is not None:
        at = target.end()
        parameters: dict[str, str] = {}
        while (parameter := _PARAMETER.match(value, at)) is not None:
            at = parameter.end()
            name, quoted, plain = parameter.groups()
            text = _ESCAPE.sub(r"\1", quoted) if quoted is not None else plain or ""
            parameters.setdefault(name.lower(), text)  # the first one counts (section 3.3)
        if "anchor" not in parameters:
            relations = parameters.get("rel", "").lower().split()
            yield Link(target[1].strip(), tuple(relations))
        rest = _TO_NEXT.match(value, at)
        at = rest.end() if rest else len(value)

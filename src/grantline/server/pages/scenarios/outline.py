"""A scenario as the editor shows it: cards in lanes, branches beside each other, scopes bracketed.

An iterator and what runs once for each of its items, up to the aggregator that collects from it,
are one scope; without an aggregator it lasts to the end of its lane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grantline.scenarios.definition.edits import Place
from grantline.scenarios.definition.modules import (
    Action,
    Aggregate,
    BodyKind,
    Branch,
    Iterate,
    Module,
    ResolveUrl,
    Respond,
    Router,
    SetVariables,
    Sleep,
)
from grantline.scenarios.definition.problem import Problem
from grantline.scenarios.definition.scenario import Scenario

ICONS = {
    "make_request": "send",
    "download_file": "download",
    "resolve_url": "link",
    "retrieve_headers": "file-text",
    "iterator": "repeat",
    "aggregator": "combine",
    "router": "git-fork",
    "set_variables": "variable",
    "sleep": "timer",
    "respond": "reply",
}
ABOUT = {
    "make_request": "Asks a service, as a connection if you like, and gives its answer.",
    "download_file": "Gets a file of any size; a later module can send it on.",
    "resolve_url": "Follows redirects and gives the address where they end.",
    "retrieve_headers": "Asks for status and headers, and reads no body.",
    "iterator": "Runs the modules after it once for each item of a list.",
    "aggregator": "Collects what came of each item into a list, a text or CSV.",
    "router": "Goes on in one or more branches, each with a condition.",
    "set_variables": "Gives values a name that all modules after it can use.",
    "sleep": "Waits a while.",
    "respond": "Answers whoever called the webhook.",
}
ON_ERROR = {
    Action.IGNORE: "ignores errors",
    Action.RETRY_LATER: "tries again later",
    Action.FALLBACK: "has a fallback",
}


_BODIES = {
    BodyKind.NONE: "without a body",
    BodyKind.JSON: "with JSON",
    BodyKind.FORM: "with form fields",
    BodyKind.RAW: "with a text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A module in its place.

    Attributes:
        place: Where it is, which is also where a module goes that is added before it.
        method: Of the request, for modules that make one.
        summary: What it does, in one line.
        is_code: Whether the summary is a URL or an expression.
        as_whom: The name of the connection or credential; empty for nobody.
        is_gone: The connection or credential is there no more.
    """

    module: Module
    place: Place
    icon: str
    method: str = ""
    summary: str = ""
    is_code: bool = False
    as_whom: str = ""
    is_gone: bool = False
    on_error: str = ""
    can_go_up: bool = True
    can_go_down: bool = True
    problems: tuple[Problem, ...] = ()
    lanes: tuple[BranchLane, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What an iterator runs for each item: itself, the cards after it, the aggregator if any."""

    number: int
    entries: tuple[Entry, ...]
    is_open: bool


Entry = Card | Scope


@dataclass(frozen=True, slots=True)
class Lane:
    """Cards one after the other; ``end`` is where one more is added."""

    entries: tuple[Entry, ...]
    end: Place


@dataclass(frozen=True, slots=True)
class BranchLane:
    """A branch of a router."""

    branch: Branch
    number: int
    lane: Lane


def outline_of(
    scenario: Scenario, names: Mapping[str, str], problems: Sequence[Problem] = ()
) -> Lane:
    """The scenario's modules.

    Args:
        scenario: The scenario.
        names: Of connections and credentials, by id; those that are gone are not in it.
        problems: What is wrong with it.
    """
    wrong: dict[int, tuple[Problem, ...]] = {}
    for each in problems:
        if each.module_id is not None:
            wrong[each.module_id] = (*wrong.get(each.module_id, ()), each)
    return _lane(scenario.modules, Place(), names, wrong)


def used_ids(scenario: Scenario) -> tuple[set[str], set[str]]:
    """The ids of connections, and of keys and passwords, that modules refer to."""
    calls = [each.call for each in scenario.each_module() if each.call is not None]
    connections = {each.connection_id for each in calls if each.connection_id}
    return connections, {
        each.credentials.credential_id for each in calls if each.credentials.credential_id
    }


def _lane(
    modules: Sequence[Module],
    start: Place,
    names: Mapping[str, str],
    wrong: Mapping[int, tuple[Problem, ...]],
) -> Lane:
    cards = [
        _card(each, replace(start, index=index), len(modules), names, wrong)
        for index, each in enumerate(modules)
    ]
    return Lane(_scoped(cards), replace(start, index=len(modules)))


def _card(
    module: Module,
    place: Place,
    count: int,
    names: Mapping[str, str],
    wrong: Mapping[int, tuple[Problem, ...]],
) -> Card:
    is_root = not place.router
    card = Card(
        module=module,
        place=place,
        icon=ICONS[module.does.kind],
        on_error=ON_ERROR.get(module.on_error.action, ""),
        can_go_up=not is_root or place.index > 0,
        can_go_down=not is_root or place.index + 1 < count,
        problems=wrong.get(module.id, ()),
    )
    if isinstance(module.does, Router):
        branches = module.does.branches
        lanes = (
            BranchLane(each, at + 1, _lane(each.modules, Place(module.id, at, 0), names, wrong))
            for at, each in enumerate(branches)
        )
        words = "1 branch" if len(branches) == 1 else f"{len(branches)} branches"
        return replace(card, summary=words, lanes=tuple(lanes))
    if module.call is None:
        return _summed_up(card)
    whom = module.call.connection_id or module.call.credentials.credential_id
    return replace(
        card,
        method=module.call.spec.method,
        summary=_address(module.call.spec.url),
        is_code=True,
        as_whom=names.get(whom, "") if whom else "",
        is_gone=bool(whom) and whom not in names,
    )


def _summed_up(card: Card) -> Card:
    match card.module.does:
        case ResolveUrl() as does:
            return replace(card, summary=_address(does.url), is_code=True)
        case Iterate() as does:
            return replace(card, summary=does.items, is_code=True)
        case Aggregate() as does:
            what = {"array": "A list", "text": "A text", "csv": "CSV"}[does.collect.value]
            return replace(card, summary=f"{what} of what came of the items of {does.source}")
        case SetVariables() as does:
            return replace(card, summary=", ".join(name for name, _ in does.variables))
        case Sleep() as does:
            plain = does.span.replace(".", "", 1).isdecimal()
            return replace(
                card,
                summary=f"{does.span} s" if plain else does.span,
                is_code="{{" in does.span,
            )
        case Respond() as does:
            return replace(card, summary=f"{does.status}, {_BODIES.get(does.body.kind, '')}")
        case _:
            return card


def _address(url: str) -> str:
    return url.removeprefix("https://") or "no URL yet"


def _scoped(cards: Sequence[Card]) -> tuple[Entry, ...]:
    """``cards`` with those between an iterator and its aggregator put into one scope."""
    outer: list[Entry] = []
    open_scopes: list[tuple[int, list[Entry]]] = []

    def close(*, is_open: bool) -> None:
        number, inside = open_scopes.pop()
        target = open_scopes[-1][1] if open_scopes else outer
        target.append(Scope(number, tuple(inside), is_open))

    for card in cards:
        does = card.module.does
        if isinstance(does, Iterate):
            open_scopes.append((card.module.id, []))
        (open_scopes[-1][1] if open_scopes else outer).append(card)
        if isinstance(does, Aggregate) and any(does.source == each for each, _ in open_scopes):
            # An iterator inside that nobody collects from ends with the one around it.
            while open_scopes[-1][0] != does.source:
                last = open_scopes[-1][1].pop()
                close(is_open=True)
                open_scopes[-1][1].append(last)
            close(is_open=False)
    while open_scopes:
        close(is_open=True)
    return tuple(outer)

"""What the mapping picker offers: the values that a module can see, and the filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from grantline.calls.expressions.filters import FILTERS
from grantline.calls.expressions.picker import paths_of
from grantline.scenarios.definition.edits import Place, modules_at
from grantline.scenarios.definition.modules import Iterate, Module, SetVariables
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Webhook

MOST_VALUES: Final = 400
DEEPEST: Final = 5  # what is below that is not indented further
# What each kind gives, before it has ever run.
GIVES: Final = {
    "make_request": (("data", "what the answer holds"), ("status", "200"), ("headers", "by name"),
                     ("url", "where the answer came from")),
    "download_file": (("file", "for a body or a part"), ("file.name", "its name"),
                      ("file.size", "in bytes"), ("status", "200")),
    "resolve_url": (("url", "where it leads"), ("hops", "on the way")),
    "retrieve_headers": (("status", "200"), ("headers", "by name"), ("url", "of the answer")),
    "iterator": (("value", "the item"), ("index", "from 1"), ("total", "how many")),
    "aggregator": (("value", "the list or text"), ("count", "how many")),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One thing to insert.

    Attributes:
        shown: The name in the list.
        insert: The expression, without braces.
        sample: What it was lately, or a word about it.
    """

    shown: str
    insert: str
    sample: str = ""
    type: str = ""
    depth: int = 0
    is_filter: bool = False


def sources_of(modules: Iterable[Module]) -> list[Module]:
    """The modules that give something, the nearest first."""
    return [each for each in modules if each.does.kind in GIVES][::-1]


def usual_values(module: Module) -> list[Value]:
    """What a module of this kind gives, whatever it gave lately."""
    return [
        Value(shown=path, insert=f"{module.id}.{path}", sample=about)
        for path, about in GIVES.get(module.does.kind, ())
    ]


def last_values(module: Module, bundle: Mapping[str, Any]) -> list[Value]:
    """What a module gave, everything under what it is in."""
    items = bundle.get("items")
    if isinstance(module.does, Iterate) and isinstance(items, list):
        # Kept is the whole list; the modules after it see one item after the other.
        value = items[0] if items else None
        bundle = {"value": value, "index": 1, "total": len(items)}
    return [
        Value(
            shown=each.name,
            insert=each.expression,
            sample=each.sample,
            type=each.kind,
            depth=min(each.depth - 1, DEEPEST),
        )
        for each in paths_of(bundle, str(module.id), most=MOST_VALUES)
    ]


@cache
def filter_values() -> list[Value]:
    """The filters, each with a line about it."""
    return [
        Value(
            shown=each.usage,
            insert=f"| {name}{_arguments(each.required)}",
            sample=(each.run.__doc__ or "").partition("\n")[0],
            is_filter=True,
        )
        for name, each in FILTERS.items()
    ]


def fixed_values(scenario: Scenario, visible: Sequence[Module]) -> list[tuple[str, list[Value]]]:
    """Inputs, variables, the trigger, the run and filters, each group under its title."""
    variables = [
        Value(shown=name, insert=f"vars.{name}")
        for module in visible
        if isinstance(module.does, SetVariables)
        for name, _ in module.does.variables
    ]
    inputs = [
        Value(shown=each.name, insert=f"input.{each.name}", sample=each.note)
        for each in scenario.inputs
    ]
    hook = [
        Value(shown=path, insert=f"trigger.{path}", sample=about)
        for path, about in (
            ("body", "what was sent"),
            ("headers", "by name"),
            ("query", "by name"),
            ("method", "POST"),
        )
    ]
    run = [
        Value(shown="id", insert="run.id", sample="of this run"),
        Value(shown="scenario", insert="run.scenario", sample="its name"),
        Value(shown="cause", insert="run.cause", sample="what started it"),
        Value(shown="started_at", insert="run.started_at", sample="when it began"),
    ]
    groups = [
        ("Inputs", inputs),
        ("Variables", variables),
        ("Trigger", hook if isinstance(scenario.trigger, Webhook) else []),
        ("Run", run),
        ("Filters", filter_values()),
    ]
    return [(title, rows) for title, rows in groups if rows]


def _arguments(required: int) -> str:
    return "(" + ", ".join(['""'] * required) + ")" if required else ""


def iterators_before(scenario: Scenario, number: int, chosen: str = "") -> list[tuple[str, str]]:
    """The iterators from which a module can collect, as options of a select.

    What is chosen is among them, also where it is none of them any more.
    """
    before = []
    for each in scenario.each_module():
        if each.id == number:
            break
        if isinstance(each.does, Iterate):
            before.append((str(each.id), f"{each.id}: {each.label}"))
    if chosen and chosen not in dict(before):
        before.insert(0, (chosen, f"{chosen}: no iterator before this module"))
    return before


def open_iterator(scenario: Scenario, place: Place) -> int | None:
    """The iterator that a new aggregator at ``place`` collects from, if there is one."""
    open_ones: list[int] = []
    for each in modules_at(scenario, place)[: place.index]:
        if isinstance(each.does, Iterate):
            open_ones.append(each.id)
        source = getattr(each.does, "source", None)
        if source in open_ones:
            del open_ones[open_ones.index(source) :]
    return open_ones[-1] if open_ones else None

"""What is wrong with a scenario, before it runs: everything that can be told without running it.

Modules that are off are passed over, as a run does. What it refers to outside, connections and
credentials, is the keeper's to look up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from grantline.errors import InvalidInput
from grantline.scenarios.definition.check_mapping import Mappings
from grantline.scenarios.definition.check_modules import module_faults
from grantline.scenarios.definition.modules import Aggregate, Iterate, Respond, Router
from grantline.scenarios.definition.plain import problem_at, scenario_to_plain
from grantline.scenarios.definition.problem import Problem
from grantline.scenarios.definition.reading import Fault
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.scope import Scene, scenes
from grantline.scenarios.definition.tables import key_of
from grantline.scenarios.definition.triggers import MANUAL, Schedule, Trigger, Webhook

MOST_MODULES: Final = 300
MOST_INPUTS: Final = 100
MOST_LEVELS: Final = 8  # routers in routers
MOST_AT_ONCE: Final = 100
MOST_STEPS: Final = 1_000_000
LONGEST_NAME: Final = 100

CheckTrigger = Callable[[Trigger], None]


def check_scenario(
    scenario: Scenario, *, check_trigger: CheckTrigger | None = None
) -> tuple[Problem, ...]:
    """All that would keep ``scenario`` from running as it says, in the order of the page.

    Args:
        scenario: What to look at.
        check_trigger: Raises ``InvalidInput`` for a trigger that cannot be kept to.
    """
    found = list(scenes(scenario))
    return _problems(scenario, _errors(scenario, found, check_trigger))


def warnings_of(scenario: Scenario) -> tuple[Problem, ...]:
    """What is odd about ``scenario`` and does not keep it from running."""
    return _problems(scenario, _oddities(scenario, list(scenes(scenario))))


def _problems(scenario: Scenario, faults: Iterator[Fault]) -> tuple[Problem, ...]:
    told = dict.fromkeys(faults)
    plain = scenario_to_plain(scenario) if told else {}
    return tuple(problem_at(plain, each.path, each.message, each.hint) for each in told)


def _errors(
    scenario: Scenario, found: list[Scene], check_trigger: CheckTrigger | None
) -> Iterator[Fault]:
    yield from _head(scenario)
    if check_trigger is not None:
        try:
            check_trigger(scenario.trigger)
        except InvalidInput as error:
            yield Fault(_trigger_path(scenario.trigger, error.field), error.message, error.hint)
    yield from _sizes(found)
    yield from _numbers(found)
    mappings = Mappings(scenario)
    for scene in found:
        if scene.is_reached:
            yield from module_faults(scene)
            yield from mappings.faults(scene)


def _head(scenario: Scenario) -> Iterator[Fault]:
    if not scenario.name.strip():
        yield Fault(("name",), "The scenario has no name.", "Give it one.")
    bounds = scenario.bounds
    for name, most in (("at_once", MOST_AT_ONCE), ("steps", MOST_STEPS)):
        if not 1 <= getattr(bounds, name) <= most:
            yield Fault(("bounds", name), f"{name} is not between 1 and {most:,}.", "Such as 1.")
    if bounds.within <= timedelta(0):
        yield Fault(("bounds", "within"), "within is no time at all.", "Write such as 1 h.")
    if len(scenario.inputs) > MOST_INPUTS:
        yield Fault(
            ("inputs",), f"There are more than {MOST_INPUTS} inputs.", "Give a table as one input."
        )
    for each in scenario.inputs:
        if not each.name.isidentifier():
            yield Fault(
                ("inputs", each.name),
                f"“{each.name}” cannot be written as input.NAME.",
                "Use letters, digits and _, and begin with a letter.",
            )


def _sizes(found: list[Scene]) -> Iterator[Fault]:
    if not any(each.is_reached for each in found):
        yield Fault(("modules",), "There is no module to run.", "Add one, or switch one on.")
    if len(found) > MOST_MODULES:
        yield Fault(
            ("modules",),
            f"There are {len(found)} modules, of at most {MOST_MODULES}.",
            "Split the scenario, and let one call the webhook of the other.",
        )
    for scene in found:
        if sum(1 for step in scene.path if step == "branches") > MOST_LEVELS:
            yield Fault(
                scene.path,
                f"The module stands in more than {MOST_LEVELS} routers.",
                "Put conditions together, or split the scenario.",
            )
        if len(scene.module.name) > LONGEST_NAME:
            yield Fault(
                (*scene.path, "name"),
                f"The name is longer than {LONGEST_NAME} characters.",
                "Write the rest as a note.",
            )


def _numbers(found: list[Scene]) -> Iterator[Fault]:
    taken: set[int] = set()
    for scene in found:
        number = scene.module.id
        if number < 1:
            yield Fault((*scene.path, "id"), "The number of a module is 1 or more.", "Such as 1.")
        if number in taken:
            free = max(each.module.id for each in found) + 1
            yield Fault(
                (*scene.path, "id"),
                f"Another module has the number {number} already.",
                f"{free} is free; mappings go by the number.",
            )
        taken.add(number)


def _oddities(scenario: Scenario, found: list[Scene]) -> Iterator[Fault]:
    if any(each.is_required and each.default is not None for each in scenario.inputs):
        yield Fault(
            ("inputs",), "An input is required, and its default is never used.", "Keep one of both."
        )
    needed = [each.name for each in scenario.inputs if each.is_required]
    if needed and scenario.trigger != MANUAL:
        yield Fault(
            ("inputs", needed[0]),
            "The trigger gives no inputs, so runs that it starts are refused.",
            "Give it a default.",
        )
    for index, scene in enumerate(found):
        does = scene.module.does
        if not scene.is_reached:
            continue
        if isinstance(does, Respond) and not isinstance(scenario.trigger, Webhook):
            yield Fault(
                (*scene.path, does.kind),
                "Nobody waits for this answer: no webhook starts the scenario.",
                "Choose the trigger Webhook, or remove the module.",
            )
        if isinstance(does, Router):
            for number, branch in enumerate(does.branches):
                if not branch.modules and not branch.is_fallback:
                    where = (*scene.path, does.kind, "branches", number)
                    yield Fault(where, "The branch has no modules.", "Bundles that go it end here.")
        if isinstance(does, Iterate) and not _repeats(found[index + 1 :], scene):
            yield Fault(
                (*scene.path, does.kind), "Nothing is done with the items.", "Add modules after it."
            )


def _repeats(later: list[Scene], scene: Scene) -> bool:
    """Whether some module runs once for each item of the iterator in ``scene``."""
    number = scene.module.id
    return any(
        number in each.loops
        and each.is_reached
        and (not isinstance(each.module.does, Aggregate) or each.module.does.source == number)
        for each in later
    )


def _trigger_path(trigger: Trigger, field: str) -> tuple[str, ...]:
    match trigger:
        case Schedule():
            return ("trigger", "schedule" if field == "cron" else field)
        case Webhook():
            key = key_of(field)
            inner = () if key == "answer_within" else ("signature",)
            return ("trigger", "webhook", *inner, key)
        case _:
            return ("trigger",)

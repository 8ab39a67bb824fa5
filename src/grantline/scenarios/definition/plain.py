"""A scenario in plain JSON types and back: one spelling for store, API and file.

Only what differs from the default is written. Reading says everything that is wrong at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from grantline.errors import InvalidInput
from grantline.scenarios.definition.plain_modules import modules_from_plain, modules_to_plain
from grantline.scenarios.definition.problem import Problem, path_text, place_in
from grantline.scenarios.definition.reading import Place
from grantline.scenarios.definition.scenario import Bounds, Input, Scenario
from grantline.scenarios.definition.tables import read_table, to_table
from grantline.scenarios.definition.triggers import MANUAL, Manual, Schedule, Trigger, Webhook

FORMAT: Final = "grantline"
VERSION: Final = 1
_SCHEDULE: Final = "schedule"
_WEBHOOK: Final = "webhook"
_ZONE: Final = "time_zone"
_KEYS: Final = (FORMAT, "name", "note", "trigger", "inputs", "bounds", "modules")


def scenario_to_plain(scenario: Scenario) -> dict[str, Any]:
    """``scenario`` in JSON types, in the order in which a file has them.

    Raises:
        InvalidInput: Two inputs have one name.
    """
    table: dict[str, Any] = {FORMAT: VERSION, "name": scenario.name}
    if scenario.note:
        table["note"] = scenario.note
    if scenario.trigger != MANUAL:
        table["trigger"] = _trigger_to_plain(scenario.trigger)
    if scenario.inputs:
        table["inputs"] = {each.name: to_table(each, skip=("name",)) for each in scenario.inputs}
        if len(table["inputs"]) < len(scenario.inputs):
            raise InvalidInput(
                "Two inputs have the same name.", field="inputs", hint="Rename one of them."
            )
    if bounds := to_table(scenario.bounds):
        table["bounds"] = bounds
    table["modules"] = modules_to_plain(scenario.modules)
    return table


def scenario_from_plain(plain: Mapping[str, Any]) -> Scenario:
    """The scenario that ``plain`` describes.

    Raises:
        InvalidInput: Something in it cannot be read; names the module and the field.
    """
    scenario, problems = read_plain(plain)
    if problems:
        raise malformed(problems)
    return scenario


def read_plain(plain: Any) -> tuple[Scenario, tuple[Problem, ...]]:
    """The scenario as far as it can be read, and all that cannot."""
    place = Place(dict(plain) if isinstance(plain, Mapping) else plain)
    table = place.table(_KEYS)
    if FORMAT in table and table[FORMAT].value != VERSION:
        table[FORMAT].wrong(
            "The file is of a version that is not known here.",
            f"Version {VERSION} is; a newer Grantline may read the file.",
        )
    if isinstance(place.value, dict):
        for name in ("name", "modules"):
            if name not in table:
                place.wrong(f"{name} is missing.", f"Add {name}.")
    scenario = Scenario(
        name=table["name"].text() if "name" in table else "",
        note=table["note"].text() if "note" in table else "",
        trigger=_trigger_from_plain(table["trigger"]) if "trigger" in table else MANUAL,
        inputs=_inputs(table["inputs"]) if "inputs" in table else (),
        bounds=read_table(table["bounds"], Bounds) if "bounds" in table else Bounds(),
        modules=modules_from_plain(table["modules"]) if "modules" in table else (),
    )
    faults = dict.fromkeys(place.faults)
    return scenario, tuple(problem_at(plain, each.path, each.message, each.hint) for each in faults)


def problem_at(plain: Any, path: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
    """A problem at a place of ``plain``, which says in words which module that is."""
    number, label, rest = place_in(plain, path)
    field = path_text(rest)
    where = ", ".join(each for each in (label, field) if each)
    return Problem(
        module_id=number,
        field=field,
        message=f"{where}: {message}" if where else message,
        hint=hint,
        path=path,
    )


def malformed(problems: tuple[Problem, ...]) -> InvalidInput:
    """The first of ``problems`` as an error, which says how many more there are."""
    first, more = problems[0], len(problems) - 1
    others = f"There {'is 1 more problem' if more == 1 else f'are {more} more problems'}."
    hint = " ".join(each for each in (first.hint, others if more else "") if each)
    return InvalidInput(first.message, field=path_text(first.path) or "scenario", hint=hint)


def _trigger_to_plain(trigger: Trigger) -> dict[str, Any]:
    match trigger:
        case Schedule():
            return {_SCHEDULE: trigger.cron, **to_table(trigger, skip=("cron",))}
        case Webhook():
            table = to_table(trigger)
            if trigger.signature is not None:
                table["signature"] = to_table(trigger.signature, always=("scheme",))
            return {_WEBHOOK: table}
        case Manual():
            return {}


def _trigger_from_plain(place: Place) -> Trigger:
    table = place.table((_SCHEDULE, _ZONE, _WEBHOOK))
    if _WEBHOOK in table:
        for name in (_SCHEDULE, _ZONE):
            if name in table:
                table[name].wrong(
                    "One trigger starts a scenario, and there is a webhook already.",
                    "Make two scenarios.",
                )
        return read_table(table[_WEBHOOK], Webhook)
    if _SCHEDULE in table:
        given = {"time_zone": table[_ZONE].text()} if _ZONE in table else {}
        return Schedule(cron=table[_SCHEDULE].text(), **given)
    if _ZONE in table:
        table[_ZONE].wrong("There is a time zone without a schedule.", 'Add schedule: "0 6 * * *".')
    return MANUAL


def _inputs(place: Place) -> tuple[Input, ...]:
    return tuple(
        read_table(each, Input, skip=("name",), given={"name": name})
        for name, each in place.table().items()
    )

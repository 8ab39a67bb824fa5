"""The editor of a scenario: its modules as cards, and what is done to them by one button."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grantline.errors import ConnectionChanged, NotFound, ScenarioNotReady
from grantline.scenarios.definition.edits import (
    Place,
    module_of,
    place_after,
    place_before,
    with_changed,
    with_copy,
    with_moved,
    without_module,
)
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.kept import KeptScenario
from grantline.server.flash import Tone
from grantline.server.page import actor_of, is_part, page, scenarios_of, see_other
from grantline.server.pages.scenarios.page import (
    LISTED_KINDS,
    Undo,
    home_of,
    kept_of,
    refused_while_on,
    scenario_bench,
    sent_version,
    show_editor,
)

# What becomes of a scenario, which module is in focus then, and what is said of it.
Changed = tuple[Scenario, int, str]
BYTES_PER_MODULE: Final = 2000


async def show(request: Request) -> Response:
    """The editor."""
    kept = await kept_of(request)
    return await show_editor(request, kept, undo=request.query_params.get("undo", ""))


async def add(request: Request) -> Response:
    """The kinds of modules that can be added at a place."""
    kept = await kept_of(request)
    place = Place.parse(request.query_params.get("place", ""))
    return page(
        request,
        "scenarios/add.html",
        scenario=kept.scenario,
        home=home_of(kept),
        place=place,
        kinds=LISTED_KINDS,
    )


async def change(request: Request) -> Response:
    """Does to a module what the last word of the address says."""
    number, what = request.path_params["number"], request.path_params["what"]
    if what not in _CHANGES:
        raise NotFound("There is nothing at this address.")
    kept = await kept_of(request)
    scenario, focus, said = await _CHANGES[what](request, kept.scenario, number)
    undo = ""
    if what == "delete":
        undo = keep_undo(request, kept, f"“{module_of(kept.scenario, number).label}”")
    return await save_change(request, kept, scenario, said=said, focus=focus, undo=undo)


async def undo(request: Request) -> Response:
    """Puts back what was deleted last, unless something else was changed meanwhile."""
    kept = await kept_of(request)
    found = scenario_bench(request).undos.get(
        actor_of(request), request.query_params.get("key", "")
    )
    if found is None or found.version != kept.version:
        raise NotFound(
            "What was deleted cannot be put back any more.",
            hint="Something else was changed since, or Grantline was restarted.",
        )
    said = f"{found.what} is back."
    return await save_change(request, kept, found.scenario, said=said, focus=0)


async def save_change(
    request: Request,
    kept: KeptScenario,
    scenario: Scenario,
    *,
    said: str,
    focus: int,
    undo: str = "",
) -> Response:
    """Saves the scenario over the version that the page had shown, and shows what it is now."""
    home = home_of(kept)
    try:
        new = await scenarios_of(request).edit(
            actor_of(request), kept.id, scenario, version=await sent_version(request) or 0
        )
    except ConnectionChanged:
        if is_part(request):
            return await show_editor(request, kept, status=409, changed_elsewhere=True)
        text = "The scenario was saved from another page meanwhile. Nothing was changed here."
        return see_other(request, home, text, tone=Tone.WARNING)
    except ScenarioNotReady as error:
        raise refused_while_on(error) from None
    if is_part(request):
        return await show_editor(request, new, said=said, focus=focus or "", undo=undo)
    where = f"#module-{focus}" if focus else ""
    return see_other(request, f"{home}?undo={undo}" if undo else f"{home}{where}", said)


def keep_undo(request: Request, kept: KeptScenario, what: str) -> str:
    """The key under which the scenario as it is can be had back after its next edit."""
    key = secrets.token_urlsafe(9)
    size = BYTES_PER_MODULE * (1 + sum(1 for _ in kept.scenario.each_module()))
    undone = Undo(kept.scenario, kept.version + 1, what)
    scenario_bench(request).undos.put(actor_of(request), key, undone, size)
    return key


async def _step(
    scenario: Scenario, number: int, where: Callable[[Scenario, int], Place | None]
) -> Changed:
    label, to = module_of(scenario, number).label, where(scenario, number)
    if to is None:
        return scenario, number, f"“{label}” is there already."
    return _moved(with_moved(scenario, number, to), number)


async def _up(_request: Request, scenario: Scenario, number: int) -> Changed:
    return await _step(scenario, number, place_before)


async def _down(_request: Request, scenario: Scenario, number: int) -> Changed:
    return await _step(scenario, number, place_after)


async def _move(request: Request, scenario: Scenario, number: int) -> Changed:
    place = Place.parse(str((await request.form()).get("place", "")))
    return _moved(with_moved(scenario, number, place), number)


async def _duplicate(_request: Request, scenario: Scenario, number: int) -> Changed:
    scenario, copy = with_copy(scenario, number)
    return scenario, copy.id, f"“{copy.label}” is there once more, as {copy.id}."


async def _enable(_request: Request, scenario: Scenario, number: int) -> Changed:
    module = replace(module_of(scenario, number), is_enabled=True)
    return with_changed(scenario, module), number, f"“{module.label}” is on."


async def _disable(_request: Request, scenario: Scenario, number: int) -> Changed:
    module = replace(module_of(scenario, number), is_enabled=False)
    return with_changed(scenario, module), number, f"“{module.label}” is off."


async def _delete(_request: Request, scenario: Scenario, number: int) -> Changed:
    label = module_of(scenario, number).label
    return without_module(scenario, number), 0, f"“{label}” is deleted."


def _moved(scenario: Scenario, number: int) -> Changed:
    order = [each.id for each in scenario.each_module()]
    at, label = order.index(number), module_of(scenario, number).label
    words = f"comes after “{module_of(scenario, order[at - 1]).label}”" if at else "is first"
    return scenario, number, f"“{label}” {words}, {at + 1} of {len(order)}."


_CHANGES: Final = {
    "up": _up,
    "down": _down,
    "move": _move,
    "duplicate": _duplicate,
    "enable": _enable,
    "disable": _disable,
    "delete": _delete,
}

ROUTES: Final[list[BaseRoute]] = [
    Route("/scenarios/{scenario_id}", show),
    Route("/scenarios/{scenario_id}/add", add),
    Route("/scenarios/{scenario_id}/undo", undo, methods=["POST"]),
    Route("/scenarios/{scenario_id}/modules/{number:int}/{what}", change, methods=["POST"]),
]

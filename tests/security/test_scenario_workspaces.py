"""A scenario and a run of another workspace do not exist: every method that names one says so."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from grantline.connections.connection import Actor
from grantline.connections.engine import LOCAL
from grantline.errors import GrantlineError
from grantline.scenarios.definition.modules import Module, Sleep
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs.runs import ScenarioRuns
from grantline.scenarios.service import Scenarios
from tests.connections.world import a_world
from tests.server.run_rows import Step, keep_run

STRANGER = Actor(workspace="elsewhere", user="local")
# What names a row: a parameter of one of these names that has no default.
NAMES = {"name": "scn_unknown", "scenario_id": "scn_unknown", "run_id": "srn_unknown"}
OTHERS: dict[str, Any] = {
    "actor": STRANGER,
    "scenario": Scenario(name="taken over", modules=(Module(id=1, does=Sleep()),)),
    "new_name": "taken over",
    "is_active": True,
    "path": "1",
    "module_id": 1,
}
# What looks for the latest of something has no error for finding nothing.
GIVE_NOTHING = {"last_output", "last_step"}


def required(method: Any) -> list[str]:
    """The names of the parameters that a call must give."""
    parameters = inspect.signature(method).parameters.values()
    return [each.name for each in parameters if each.default is inspect.Parameter.empty]


METHODS = [
    (room.__name__, name)
    for room in (Scenarios, ScenarioRuns)
    for name, method in inspect.getmembers(room, inspect.isfunction)
    if not name.startswith("_") and NAMES.keys() & set(required(method))
]


async def outcome(method: Any, ids: dict[str, str]) -> object:
    """What a stranger gets or gets to hear, with ``ids`` left out."""
    given = {each: {**OTHERS, **ids}[each] for each in required(method)}
    try:
        result = method(**given)
        return await (anext(result) if inspect.isasyncgen(result) else result)
    except GrantlineError as error:
        said = f"{error} {error.hint}"
        for each in ids.values():
            said = said.replace(each, "ID")
        return error.http_status, said


async def test_a_scenario_and_a_run_of_others_are_unknown_ones(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as world,
        open_scenarios(world.engine, world.settings, workers=False) as scenarios,
    ):
        module = Module(id=1, does=Sleep())
        kept = await scenarios.create(LOCAL, Scenario(name="ours", modules=(module,)))
        row = await keep_run(world.engine.context, kept.scenario, [Step(path="1")])
        run = await scenarios.runs.find(LOCAL, row.id)
        theirs = {"name": kept.id, "scenario_id": kept.id, "run_id": run.id}
        rooms: dict[str, Any] = {"Scenarios": scenarios, "ScenarioRuns": scenarios.runs}

        for room, name in METHODS:
            method = getattr(rooms[room], name)
            foreign = await outcome(method, theirs)
            assert foreign == await outcome(method, NAMES), name
            if name in GIVE_NOTHING:
                assert foreign is None
            else:
                assert isinstance(foreign, tuple)
                assert foreign[0] == 404, f"{name}: {foreign}"
        assert await scenarios.find(LOCAL, kept.id) == kept
        assert await scenarios.runs.find(LOCAL, run.id) == run


def test_the_methods_are_found() -> None:
    found = {name for _, name in METHODS}
    assert {"edit", "delete", "set_active", "rotate_hook", "start", "rerun", "changes"} <= found

"""Whoever sees first that a grant has ended does not lose its run for it."""

from __future__ import annotations

from datetime import timedelta

from grantline.connections.engine import LOCAL
from grantline.errors import InvalidGrant
from grantline.scenarios.definition.modules import Module
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.open import open_scenarios
from grantline.scenarios.runs.run import RunState
from grantline.testing.authorization_server import Answer, Replace
from tests.connections.world import World
from tests.scenarios.modules.workshop import Workshop, request

DEAD = Replace(Answer.json({"error": "invalid_grant"}, status=400))


async def test_a_run_waits_at_the_first_sign_of_a_dead_grant(world: World) -> None:
    found = await world.authorized()
    world.clock.advance(timedelta(hours=2))
    world.server.script("token", DEAD)
    does = request("/me", connection_id=found.id)
    scenario = Scenario(name="a", modules=(Module(id=1, does=does),))
    async with open_scenarios(world.engine, world.settings, workers=False) as scenarios:
        begun = await scenarios.runs.start_file(LOCAL, scenario)
        run = await scenarios.runs.wait(LOCAL, begun.id)
    assert run.state is RunState.PARKED
    assert run.connection_id == found.id


async def test_a_module_tells_it_by_its_class(world: World, workshop: Workshop) -> None:
    found = await world.authorized()
    world.clock.advance(timedelta(hours=2))
    world.server.script("token", DEAD)
    done = await workshop.does(request("/me", connection_id=found.id))
    assert isinstance(done.error, InvalidGrant)

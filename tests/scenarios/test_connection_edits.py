"""A scenario refers to its connection and copies nothing: an edit reaches its next run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from grantline.calls.request import RequestSpec
from grantline.connections.connection import Connection
from grantline.connections.edit import Cost
from grantline.connections.engine import LOCAL
from grantline.connections.planning import ConnectionEdit
from grantline.oauth.app.settings import TokenPlacement
from grantline.scenarios.definition.modules import HttpCall, MakeRequest, Module
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.definition.triggers import Schedule
from grantline.scenarios.runs.durable import Durable
from grantline.scenarios.runs.run import Cause, RunState
from grantline.scenarios.service import Scenarios
from grantline.scenarios.triggers.firing import Firing
from grantline.testing.authorization_server import Leniency, ServerOptions
from tests.connections.world import World


@pytest.fixture
def server_options() -> ServerOptions:
    return ServerOptions(lenient=frozenset({Leniency.ACCESS_TOKEN_IN_QUERY}))


@pytest.fixture
async def firing(world: World, scenarios: Scenarios) -> AsyncIterator[Firing]:
    durable = Durable(world.settings, "test:1")
    yield Firing(world.engine.context, scenarios.runs, durable)
    await durable.close()


async def scheduled(scenarios: Scenarios, connection: Connection) -> str:
    """The id of an active scenario that asks who it is and what there is, every hour."""
    modules = tuple(
        Module(
            id=number,
            does=MakeRequest(
                call=HttpCall(spec=RequestSpec(url=path), connection_id=connection.id)
            ),
        )
        for number, path in ((1, "/me"), (2, "/orders"))
    )
    hourly = Schedule(cron="0 * * * *")
    kept = await scenarios.create(LOCAL, Scenario(name="Hourly", trigger=hourly, modules=modules))
    return (await scenarios.set_active(LOCAL, kept.id, is_active=True)).id


@dataclass
class Hourly:
    """A scheduled scenario, fired as DBOS fires it, one hour after the other."""

    world: World
    scenarios: Scenarios
    firing: Firing
    scenario_id: str
    hours: int = 0

    async def sent(self) -> list[tuple[str, str]]:
        """Where each request of the next run carried its token, and which."""
        self.hours += 1
        before = len(self.world.server.journal.at("api"))
        due_at = self.world.clock.now().replace(minute=0, second=0, microsecond=0)
        await self.firing.fire(self.scenario_id, due_at + timedelta(hours=self.hours))
        (run, *before_it) = (await self.scenarios.runs.page(LOCAL)).rows
        assert (run.cause, len(before_it)) == (Cause.SCHEDULE, self.hours - 1)
        ended = await self.scenarios.runs.wait(LOCAL, run.id)
        assert (ended.state, ended.error) == (RunState.SUCCEEDED, None)
        sent = []
        for entry in self.world.server.journal.at("api")[before:]:
            incoming = entry.incoming
            in_query = dict(incoming.query).get("access_token", "")
            in_header = (incoming.header("authorization") or "").partition(" ")[2]
            assert bool(in_query) != bool(in_header)
            sent.append(("query", in_query) if in_query else ("header", in_header))
        return sent


async def test_edits_of_a_connection_reach_the_next_run_of_a_scheduled_scenario(
    scenarios: Scenarios, world: World, firing: Firing
) -> None:
    found = await world.authorized("orders")
    scenario_id = await scheduled(scenarios, found)
    hourly = Hourly(world, scenarios, firing, scenario_id)
    definition = (await scenarios.find(LOCAL, scenario_id)).scenario
    first = await world.token(found)
    assert await hourly.sent() == [("header", first)] * 2

    # A placement costs nothing, and every module follows.
    edit = ConnectionEdit(
        settings={"token_placement": TokenPlacement.QUERY, "token_name": "access_token"}
    )
    edited = await world.engine.manage.edit(LOCAL, found.id, edit)
    assert edited.price.cost is Cost.NOTHING
    assert await hourly.sent() == [("query", first)] * 2

    # More scopes ask for consent; until that is given the old token works.
    wider = ConnectionEdit(scopes=("profile", "orders", "refunds"))
    edited = await world.engine.manage.edit(LOCAL, found.id, wider)
    assert edited.price.cost is Cost.CONSENT
    assert await hourly.sent() == [("query", first)] * 2
    consented = await world.authorize(edited.connection)
    assert "refunds" in (consented.granted_scopes or ())
    second = await world.token(found)
    assert second != first
    assert await hourly.sent() == [("query", second)] * 2

    # All that while nobody touched the scenario.
    kept = await scenarios.find(LOCAL, scenario_id)
    assert (kept.version, kept.is_active, kept.scenario) == (1, True, definition)

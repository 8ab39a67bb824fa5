"""The list of connections: searched, filtered and paged by the database."""

from __future__ import annotations

import pytest

from grantline.connections.connection import Actor
from grantline.connections.engine import LOCAL
from grantline.connections.listing import FILTERS
from grantline.connections.manage import NewConnection
from grantline.connections.state import State
from grantline.errors import InvalidInput
from grantline.store.records.connections import Health
from tests.connections.world import World, app_settings


async def test_connections_are_found_by_filter_and_search(world: World) -> None:
    working = await world.authorized("working")
    await world.draft("waiting")
    await world.engine.manage.create(
        Actor(user="grace"), NewConnection(name="hers", settings=app_settings(world.server))
    )
    expected = {
        "all": ["hers", "waiting", "working"],
        "mine": ["waiting", "working"],
        "needs_attention": [],
        "draft": ["hers", "waiting"],
        "authorized": ["working"],
        "expiring": [],
        "failing": [],
        "reauthorization_required": [],
    }
    assert set(FILTERS) == set(expected)
    for show, names in expected.items():
        page = await world.engine.listing.page(LOCAL, show=show)
        assert [each.connection.name for each in page.rows] == names
        assert page.total == len(names)
    page = await world.engine.listing.page(LOCAL, query=" WORK ", limit=1)
    assert [each.connection for each in page.rows] == [working]
    assert (await world.engine.listing.page(LOCAL, offset=1, limit=1)).total == 3


async def test_what_needs_attention_is_shown(world: World) -> None:
    await world.authorized("well")
    ill = await world.authorized("ill")
    dead = Health(state=State.REAUTHORIZATION_REQUIRED, cause="grant_dead")
    world.engine.context.store.save_health(ill.id, ill.generation, dead, None)
    page = await world.engine.listing.page(LOCAL, show="needs_attention")
    assert [each.connection.name for each in page.rows] == ["ill"]


async def test_an_unknown_filter_is_refused(world: World) -> None:
    with pytest.raises(InvalidInput, match="no filter"):
        await world.engine.listing.page(LOCAL, show="broken")

"""Every service of the catalogue, simulated from its entry, through a whole life.

The simulation demands what the entry says that we send, and answers what it says that we read; so
an entry passes by its data alone.
"""

from __future__ import annotations

import pytest

from grantline.connections.apps.catalogue import settings_of
from grantline.providers.catalogue import profile, profile_names
from tests.providers.life import CLIENT_ID, Stage, live, simulated


@pytest.mark.parametrize("name", profile_names())
async def test_a_connection_lives_its_whole_life_at_the_service(stage: Stage, name: str) -> None:
    entry = profile(name)
    settings = settings_of(entry, client_id=CLIENT_ID)
    service = simulated(settings, entry.flow, entry.default_scopes, stage.clock)

    await live(stage, name, settings, service, entry.hosts)

    assert service.complaints == []

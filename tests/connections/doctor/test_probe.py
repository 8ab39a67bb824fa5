"""What the doctor hears of a server's clock, and that it asks each server once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from grantline.connections.doctor.probe import MOST_SERVERS, Prober, server_ahead
from grantline.messages import HttpResponse
from tests.connections.world import World

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("seconds", "age", "ahead"),
    [
        (0, None, 0),
        (1, None, 0),
        (2, None, 0),
        (-1, None, 0),
        (-11, None, -10),
        (302, None, 300),
        (-60, "60", 0),
        (-60, "soon", -59),
        (-3600, "60", -3539),
    ],
)
def test_only_what_the_way_does_not_explain_counts(
    seconds: int, age: str | None, ahead: int
) -> None:
    date = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    headers = (("Date", date), *((("Age", age),) if age else ()))
    found = server_ahead(HttpResponse(200, headers), NOW, LATER)
    assert found == timedelta(seconds=ahead)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 09 Mar 2026 12:00:00 -0000"])
def test_a_date_that_says_no_instant_is_none(date: str) -> None:
    assert server_ahead(HttpResponse(200, (("Date", date),)), NOW, LATER) is None


async def test_each_server_is_asked_once_and_without_a_secret(world: World) -> None:
    prober = Prober(world.engine.context)
    origin = world.server.issuer
    first, again = await prober.ask([origin]), await prober.ask([origin, origin])
    assert [first[0], first[0]] == again
    assert first[0].error is None


async def test_a_server_that_is_closed_has_its_error(world: World) -> None:
    (found,) = await Prober(world.engine.context).ask(["https://10.0.0.1"])
    assert found.error is not None
    assert found.error.code == "egress_blocked"


async def test_no_more_servers_are_asked_than_a_person_would_wait_for(world: World) -> None:
    prober = Prober(world.engine.context)
    found = await prober.ask([f"https://10.0.{n}.1" for n in range(MOST_SERVERS + 5)])
    assert len(found) == MOST_SERVERS

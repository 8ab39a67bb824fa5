"""Putting scenarios together on an engine that is open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from grantline.connections.engine import Engine
from grantline.connections.settings import Settings
from grantline.scenarios.service import Scenarios


@asynccontextmanager
async def open_scenarios(
    engine: Engine, settings: Settings, *, workers: bool
) -> AsyncIterator[Scenarios]:
    """The scenarios of an installation; closed at the end of the block, before the engine.

    Args:
        engine: Through which all requests are made.
        settings: Those that the engine was opened with.
        workers: As ``Scenarios`` says.

    Raises:
        ConfigurationError: A setting cannot be used; says what to do.
    """
    async with Scenarios(engine, settings, workers=workers) as scenarios:
        yield scenarios

"""An engine for the length of one command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from grantline.cli.errors import DEBUG_VARIABLE
from grantline.cli.output import note

if TYPE_CHECKING:
    from grantline.connections.engine import Engine
    from grantline.connections.open import Installation
    from grantline.connections.settings import Settings

T = TypeVar("T")


def with_engine(work: Callable[[Engine], Awaitable[T]]) -> T:
    """The result of ``work`` on the engine that the environment describes.

    Ctrl-C cancels ``work``; the engine then closes as always: a refresh under way is finished and
    saved first.
    """
    from grantline.connections.open import open_engine

    settings = settings_of_environment()

    async def session() -> T:
        async with open_engine(settings) as engine:
            for notice in engine.notices:
                note(notice)
            return await work(engine)

    return asyncio.run(session())


def with_installation(work: Callable[[Installation], T]) -> T:
    """The result of ``work`` on the store and keys that the environment describes."""
    from grantline.connections.open import open_installation

    with open_installation(settings_of_environment()) as installation:
        for notice in installation.notices:
            note(notice)
        return work(installation)


def settings_of_environment() -> Settings:
    """The settings that the environment describes."""
    from grantline.connections.settings import Settings

    environment = {name: value for name, value in os.environ.items() if name != DEBUG_VARIABLE}
    return Settings.from_environment(environment)

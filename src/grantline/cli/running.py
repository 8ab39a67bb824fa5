"""An engine for the length of one command."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import typer

from grantline.cli.errors import DEBUG_VARIABLE, TERMINATED
from grantline.cli.output import note

if TYPE_CHECKING:
    from grantline.connections.engine import Engine
    from grantline.connections.open import Installation
    from grantline.connections.settings import Settings
    from grantline.scenarios.service import Scenarios

T = TypeVar("T")


def with_engine(work: Callable[[Engine], Awaitable[T]]) -> T:
    """The result of ``work`` on the engine that the environment describes.

    Ctrl-C and SIGTERM cancel ``work``; the engine then closes as always: a refresh under way is
    finished and saved first. A second SIGTERM ends the process at once.
    """
    from grantline.connections.open import open_engine

    settings = settings_of_environment()

    async def session() -> T:
        _stop_on_sigterm()
        async with open_engine(settings) as engine:
            for notice in engine.notices:
                note(notice)
            return await work(engine)

    try:
        return asyncio.run(session())
    except asyncio.CancelledError:
        raise typer.Exit(TERMINATED) from None


def with_scenarios(work: Callable[[Scenarios], Awaitable[T]]) -> T:
    """The result of ``work`` on the scenarios of the installation that the environment describes.

    Only what ``work`` starts is run here: schedules, and what others left, are for ``grantline
    serve``.
    """
    from grantline.scenarios.open import open_scenarios

    settings = settings_of_environment()

    async def opened(engine: Engine) -> T:
        async with open_scenarios(engine, settings, workers=False) as scenarios:
            return await work(scenarios)

    return with_engine(opened)


def _stop_on_sigterm() -> None:
    """Cancels the current task at the first SIGTERM, which then gets its usual meaning back."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGTERM)
        if task is not None:
            task.cancel()

    # Only the main thread may handle signals, and only some systems have them.
    with suppress(NotImplementedError, ValueError, RuntimeError):
        loop.add_signal_handler(signal.SIGTERM, stop)


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

"""Scenarios as the faces use them: one object, one door to every room."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from grantline.connections.connection import Actor
from grantline.connections.engine import Engine
from grantline.connections.settings import Settings
from grantline.scenarios.definition.scenario import Scenario
from grantline.scenarios.manage import ScenarioManager, not_ready
from grantline.scenarios.notices.notices import Notices
from grantline.scenarios.references import with_ids
from grantline.scenarios.runs.runs import ScenarioRuns
from grantline.scenarios.triggers.firing import Firing
from grantline.scenarios.triggers.hooks import Hooks


class Scenarios(ScenarioManager):
    """Everything that can be done with scenarios. An async context manager.

    It creates, edits and lists them itself; ``runs`` carries them out and ``notices`` tells people.
    Every call names its actor and sees only the actor's workspace.
    """

    def __init__(self, engine: Engine, settings: Settings, *, workers: bool) -> None:
        """Scenarios on ``engine``.

        Args:
            engine: Through which all requests are made.
            settings: Of this installation.
            workers: Whether this process takes runs from the queue, fires schedules, goes on with
                what waits, and sends notices. Without, it runs what is started here alone.
        """
        super().__init__(engine.context)
        self.runs = ScenarioRuns(engine, settings, self, serves=workers)
        self.engine = engine
        self.settings = settings
        self.workers = workers
        self.notices = Notices(engine.context, settings)
        self.hooks = Hooks(engine.context, self, self.runs, engine.credentials)
        # What has to be ended, the latest first.
        self._open = AsyncExitStack()

    async def start(self) -> None:
        """Opens the rooms, each after those it needs."""
        self.runs.open()
        self._open.push_async_callback(self.runs.aclose)
        if self.workers:
            self.notices.start()
            self._open.push_async_callback(self.notices.aclose)
        if (durable := self.runs.durable) is not None:
            firing = Firing(self.engine.context, self.runs, durable)
            firing.start()
            self._open.push_async_callback(firing.aclose)

    async def ready(self, actor: Actor, scenario: Scenario) -> Scenario:
        """``scenario`` with ids for the names in it, as it can run.

        Raises:
            ScenarioNotReady: It cannot run as it is; holds every problem.
            InvalidInput: It names something that is not there.
        """
        named = await with_ids(self._context, actor, scenario)
        if problems := await self.problems(actor, named):
            raise not_ready(problems)
        return named

    async def aclose(self) -> None:
        """Lets what cannot be cut in half finish, then closes; runs under way go on elsewhere."""
        await self._open.aclose()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

"""Where one leg works: the engine its modules use, and the rows that it writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from grantline.connections.connection import Actor
from grantline.connections.context import Context
from grantline.connections.engine import Engine
from grantline.connections.requests.run_cookies import RunCookies
from grantline.connections.state import HELD
from grantline.errors import ConnectionNotFound
from grantline.scenarios.definition.modules import Module
from grantline.scenarios.modules.files import Files
from grantline.scenarios.modules.outcome import Answer, Outcome
from grantline.scenarios.modules.surroundings import Surroundings
from grantline.scenarios.runs.journal import Journal
from grantline.scenarios.runs.sealed_run import MOST_BUNDLE_BYTES, Seals
from grantline.store.records.connections import Glance
from grantline.store.records.runs import (
    Advance,
    Advanced,
    RunStepRecord,
    ScenarioRunRecord,
    StepWrite,
)

CarryOut = Callable[[Module, Mapping[str, Any], Surroundings], Awaitable[Outcome]]
USABLE: Final = tuple(each.value for each in HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What the legs of one process share.

    Attributes:
        files: The folder for files of this installation.
        carry_out: Carries out one module.
    """

    engine: Engine
    journal: Journal
    files: Path
    carry_out: CarryOut

    @property
    def context(self) -> Context:
        """Store, vault and clock."""
        return self.engine.context


class Bench:
    """What one leg works with."""

    def __init__(
        self, shop: Workshop, record: ScenarioRunRecord, seals: Seals, *, is_answered: bool
    ) -> None:
        """Args: ``is_answered`` says whether the caller of the webhook was answered before."""
        self.context = shop.context
        self._shop = shop
        self._record = record
        self._seals = seals
        self._is_answered = is_answered
        self._cookies = RunCookies()
        self._generation: int | None = None
        self._files = Files(shop.files, record.workspace, entropy=self.context.entropy)

    async def carry_out(
        self,
        module: Module,
        row: RunStepRecord,
        names: Mapping[str, Any],
        collected: Iterable[Mapping[str, Any]] = (),
    ) -> Outcome:
        """What becomes of ``module``."""
        surroundings = Surroundings(
            engine=self._shop.engine,
            actor=Actor(self._record.workspace, self._record.owner),
            run_id=self._record.id,
            step=row.path,
            files=self._files,
            cookies=self._cookies,
            collected=collected,
            most_bytes=MOST_BUNDLE_BYTES,
        )
        return await self._shop.carry_out(module, names, surroundings)

    async def work(
        self, module: Module, row: RunStepRecord, names: Mapping[str, Any], *, nap: timedelta
    ) -> Outcome:
        """The same, and after it a sleep when it is one that is no longer than ``nap``."""
        if (call := module.call) is not None and call.connection_id is not None:
            self._generation = None
            with suppress(ConnectionNotFound):
                self._generation = (await self._glance(call.connection_id)).generation
        outcome = await self.carry_out(module, row, names)
        if outcome.wait is not None and outcome.wait <= nap:
            await self.context.clock.sleep(outcome.wait)
        return outcome

    def answered(self, answer: Answer) -> dict[str, str]:
        """The columns of the run that hold ``answer``; none when it was answered before."""
        if self._is_answered:
            return {}
        self._is_answered = True
        return {"sealed_response": self._seals.seal_answer(self._record.id, answer)}

    async def parked_generation(self, connection_id: str) -> int:
        """The token set that did not do, where the state of its connection does not say so.

        Not the one that is there by now: a person may have authorized the connection meanwhile.

        Raises:
            ConnectionNotFound: It was deleted meanwhile.
        """
        seen = await self._glance(connection_id)
        if seen.state not in USABLE:
            return -1
        return seen.generation if self._generation is None else self._generation

    async def _glance(self, connection_id: str) -> Glance:
        store = self.context.store
        return await self.context.stored(store.glance, self._record.workspace, connection_id)

    async def write(self, steps: tuple[StepWrite, ...], changes: Mapping[str, Any]) -> Advanced:
        """Writes what was done."""
        advance = Advance(
            run_id=self._record.id,
            worker=self._record.worker or "",
            leg=self._record.leg,
            steps=steps,
            changes=changes,
        )
        return await self._shop.journal.write(advance)

    async def remove_files(self) -> None:
        """Removes the files that were kept only as long as the run."""
        await self.context.stored(self._files.remove_run, self._record.id)

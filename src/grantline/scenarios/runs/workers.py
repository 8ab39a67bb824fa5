"""Who goes on with runs: takes up those whose turn has come, lets go of them as the process ends.

A process that serves takes up whatever waits. One that does not, such as a command, takes up only
what was started in it. Runs of processes that are gone are let go for others: of one on this
machine the system says so (the lock on a file), of one elsewhere its silence in the database. One
that is suspended is not gone; it keeps its runs on its own machine, and where it was given up for
silence it finds on waking that it may write nothing any more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, ParamSpec

from grantline.connections.renewal.presence import Life, Presence
from grantline.errors import GrantlineError
from grantline.scenarios.runs.bench import USABLE, Bench, Workshop
from grantline.scenarios.runs.durable import Durable
from grantline.scenarios.runs.ending import failed, unforeseen, whereabouts
from grantline.scenarios.runs.execution import Stop
from grantline.scenarios.runs.leg import Leg
from grantline.scenarios.runs.run import ENDED
from grantline.scenarios.runs.sealed_run import Seals
from grantline.scenarios.runs.step_rows import StepRows
from grantline.store.records.runs import Advance, RunStepRecord, ScenarioRunRecord

P = ParamSpec("P")

LOG: Final = logging.getLogger("grantline.scenarios")
CAPACITY: Final = 50
LOOK_EVERY: Final = timedelta(seconds=1)
BEAT_EVERY: Final = timedelta(seconds=10)
SILENT_AFTER: Final = timedelta(minutes=1)
FORGOTTEN_AFTER: Final = timedelta(days=1)
PATIENCE: Final = timedelta(seconds=5)


@dataclass(slots=True)
class _Hand:
    """A run in the hands of this process."""

    leg: Leg | None
    task: asyncio.Task[None]


class Workers:
    """The runs in the hands of one process.

    Attributes:
        name: What this process is called in the rows.
    """

    def __init__(
        self, shop: Workshop, data_dir: Path, *, durable: Durable | None, serves: bool, name: str
    ) -> None:
        """Args: ``serves`` takes up what others started too."""
        self.name = name
        self._shop = shop
        self._context = shop.context
        self._durable = durable
        self._serves = serves
        self._presence = Presence(data_dir / "workers", name)
        self._hands: dict[str, _Hand] = {}
        self._own: set[tuple[str, str]] = set()
        self._wake = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._taking: asyncio.Task[bool] | None = None
        self._is_announced = self._is_copy = False
        self._beat_at = self._tend_at = timedelta()
        self._is_ending = False
        self._is_troubled = False

    def start(self) -> None:
        """Begins to look for runs."""
        self._looking = asyncio.get_running_loop().create_task(self._look())

    def started(self, workspace: str, run_id: str) -> None:
        """A run was started in this process: it may be its turn."""
        if not self._serves:
            self._own.add((workspace, run_id))
        self._wake.set()

    def wake(self) -> None:
        """Something changed that a run may wait for."""
        self._wake.set()

    def cancel(self, run_id: str) -> None:
        """Somebody has cancelled a run: the request under way ends at once."""
        if (hand := self._hands.get(run_id)) is not None and hand.leg is not None:
            hand.leg.stop(Stop.CANCEL)

    async def close(self, patience: timedelta = PATIENCE) -> None:
        """Lets modules under way finish for a while, then lets go of all runs."""
        self._is_ending = True
        await self._stop_looking()
        for hand in self._hands.values():
            if hand.leg is not None:
                hand.leg.ask_to_release()
        if tasks := [hand.task for hand in self._hands.values()]:
            _, late = await asyncio.wait(tasks, timeout=patience.total_seconds())
            for hand in self._hands.values():
                if hand.task in late and hand.leg is not None:
                    hand.leg.stop(Stop.RELEASE)
            if late:
                _, lost = await asyncio.wait(late, timeout=patience.total_seconds())
                for each in lost:
                    each.cancel()
                await asyncio.gather(*lost, return_exceptions=True)
        # First what was done: what is let go takes nothing any more.
        await self._shop.journal.settle(patience)
        if self._is_announced:
            with suppress(GrantlineError):
                await self._context.stored(self._let_go)
        self._presence.end(owes=False)

    async def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._taking is not None:
            # What was being claimed as the look ended is in our hands a moment later.
            await asyncio.gather(self._taking, return_exceptions=True)

    def _let_go(self) -> None:
        store = self._context.store
        store.release_runs(self.name)
        store.leave(self.name)

    async def _look(self) -> None:
        while not self._is_ending:
            self._wake.clear()
            try:
                await self._look_once()
                self._is_troubled = False
            except GrantlineError as error:
                if not self._is_troubled:
                    LOG.warning("Runs cannot be looked for just now: %s", error.message)
                self._is_troubled = True
            except Exception as error:  # noqa: BLE001 - the next look may do better
                LOG.error("Looking for runs failed: %s", whereabouts(error))  # noqa: TRY400
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY.total_seconds()):
                    await self._wake.wait()

    async def _look_once(self) -> None:
        # Not by the engine's clock, which may be set: this is about how long processes are silent.
        now = timedelta(seconds=asyncio.get_running_loop().time())
        if now >= self._tend_at:
            self._tend_at = now + LOOK_EVERY
            self._is_copy = await self._context.quarantined() is not None
            if not self._is_copy:
                await self._tend(now)
        if self._is_copy:
            return
        if self._serves:
            await self._take_up()
        else:
            for own in tuple(self._own):
                await self._take_up_own(*own)

    async def _tend(self, now: timedelta) -> None:
        """Frees what waits for something that has happened, and what nobody goes on with."""
        store = self._context.store
        if self._hands:
            await self._mind_own(now)
        if self._serves or self._own:
            await self._context.stored(store.unpark_runs, USABLE)
        if not self._serves:
            return
        for seen in await self._context.stored(store.busy_workers):
            if seen.id != self.name and self._is_gone(seen.id, seen.silent_for):
                LOG.info("A process that carried out runs is gone; its runs go on here.")
                await self._take_over(seen.id)

    async def _mind_own(self, now: timedelta) -> None:
        """Shows that this process is alive; cancels what others have cancelled."""
        store = self._context.store
        if now >= self._beat_at:
            await self._announce()
        held = await self._context.stored(store.runs_in_hand, self.name)
        for run_id, is_cancelling in held:
            if is_cancelling:
                self.cancel(run_id)
        # Nothing is taken up while this looks, so what is not known here slipped out of it.
        if any(run_id not in self._hands for run_id, _ in held):
            await self._context.stored(store.release_runs, self.name, tuple(self._hands))

    def _is_gone(self, worker: str, silent_for: timedelta | None) -> bool:
        match self._presence.look(worker):
            case Life.GONE:
                return True
            case Life.ALIVE:
                return False
            case _:
                return silent_for is None or silent_for > SILENT_AFTER

    async def _take_over(self, worker: str) -> None:
        store = self._context.store
        released = await self._context.stored(store.release_runs, worker)
        await self._context.stored(store.leave, worker)
        if self._durable is not None:
            names = [Durable.workflow_id(run_id, leg, worker) for run_id, leg in released]
            self._durable.forget(names)

    def _is_unheard(self) -> bool:
        """Whether others would take this process for one that is gone.

        It is silent while it has nothing in its hands, so it is heard before it takes something.
        """
        return (
            not self._is_announced
            or asyncio.get_running_loop().time() >= self._beat_at.total_seconds()
        )

    async def _announce(self) -> None:
        """Shows the others that this process is alive, before it takes anything into its hands."""
        store = self._context.store
        await self._context.stored(self._presence.announce, self._context.clock.now())
        await self._context.stored(store.beat, self.name)
        if not self._is_announced:
            # Processes that were killed with nothing in their hands took no leave.
            await self._context.stored(store.drop_silent_workers, FORGOTTEN_AFTER)
        self._is_announced = True
        now = timedelta(seconds=asyncio.get_running_loop().time())
        self._beat_at = now + BEAT_EVERY

    async def _take_up(self) -> None:
        store = self._context.store
        while (room := CAPACITY - len(self._hands)) > 0:
            now = self._context.clock.now()
            if self._is_unheard():
                if not await self._context.stored(store.has_due_runs, now):
                    return
                await self._announce()
            if not await self._claimed(store.claim_scenario_runs, self.name, now, room):
                return

    async def _take_up_own(self, workspace: str, run_id: str) -> None:
        store, now = self._context.store, self._context.clock.now()
        if run_id in self._hands:
            return
        state, _ = await self._context.stored(store.run_revision, workspace, run_id)
        if state in ENDED:
            self._own.discard((workspace, run_id))
            return
        if self._is_unheard():
            await self._announce()
        await self._claimed(store.claim_scenario_run, self.name, now, run_id)

    async def _claimed(
        self, claim: Callable[P, Sequence[ScenarioRunRecord]], *args: P.args, **kwargs: P.kwargs
    ) -> bool:
        """Takes up what ``claim`` gives; a caller that is cancelled meanwhile loses none of it."""

        async def take() -> bool:
            taken = await self._context.stored(claim, *args, **kwargs)
            for record in taken:
                task = asyncio.get_running_loop().create_task(self._carry(record))
                self._hands[record.id] = _Hand(None, task)
            return bool(taken)

        self._taking = asyncio.get_running_loop().create_task(take())
        return await asyncio.shield(self._taking)

    async def _carry(self, record: ScenarioRunRecord) -> None:
        try:
            self._shop.journal.tell(record.id)
            leg, bench = await self._opened(record)
            self._hands[record.id].leg = leg
            if self._is_ending:
                leg.ask_to_release()
            if self._durable is not None:
                await self._durable.carry(record.id, record.leg, leg.forward)
            else:
                while await leg.forward() is not None:
                    pass
            if leg.has_ended:
                await bench.remove_files()
        except GrantlineError as error:
            await self._give_up(record, error)
        except Exception as error:  # noqa: BLE001 - a run must not be lost for a fault of ours
            LOG.error("A run failed in an unforeseen way: %s", whereabouts(error))  # noqa: TRY400
            await self._give_up(record, unforeseen(error))
        finally:
            self._hands.pop(record.id, None)
            self._wake.set()

    async def _opened(self, record: ScenarioRunRecord) -> tuple[Leg, Bench]:
        """The run as its rows have it."""
        context, store = self._context, self._context.store
        sealed = await context.stored(store.load_run_seals, record.workspace, record.id)
        steps: Sequence[RunStepRecord] = ()
        if record.leg > 1 or record.origin_run_id is not None:
            steps = await context.stored(store.list_run_steps, record.workspace, record.id)
        seals = Seals(context.vault, record.workspace)
        bench = Bench(self._shop, record, seals, is_answered=sealed.sealed_response is not None)
        leg = Leg(
            bench,
            record,
            seals.open_definition(record.id, sealed),
            seals.open_given(record.id, sealed),
            StepRows(context, seals, record.workspace, record.id, steps),
        )
        return leg, bench

    async def _give_up(self, record: ScenarioRunRecord, error: GrantlineError) -> None:
        """Ends a run that nobody can go on with, such as one whose seals cannot be opened."""
        changes = failed(error, "").changes(self._context.clock.now())
        advance = Advance(run_id=record.id, worker=self.name, leg=record.leg, changes=changes)
        with suppress(GrantlineError):
            await self._shop.journal.write(advance)


def worker_name(entropy: Callable[[int], bytes]) -> str:
    """A name that no other process has, nor ever had."""
    return f"{socket.gethostname()}:{os.getpid()}:{entropy(6).hex()}"

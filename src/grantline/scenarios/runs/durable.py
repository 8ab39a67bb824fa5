"""The one door to DBOS: legs as its workflows, modules as its steps, schedules by its clock.

DBOS holds ids and paths and nothing else. What a run has done is in our own rows, which are looked
at before anything is carried out; so a DBOS database that is lost, damaged or older than ours loses
nothing, and a leg goes on without it when it fails in between.

It works on a thread and an event loop of its own, because it gives the loops that it finds itself
on an executor which ends with it. There is one DBOS in a process at most: in a second installation
opened in the same process, legs are carried out without.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from grantline.connections.settings import Settings
from grantline.store.beside import FILE, Disposable, open_beside, set_aside
from grantline.store.open import is_sqlite

T = TypeVar("T")
Forward = Callable[[], Awaitable[str | None]]
# Every release shares one version: DBOS would leave runs of another one alone.
VERSION: Final = "1"
NAME: Final = "grantline"
LOG: Final = logging.getLogger("grantline.scenarios.dbos")
FORGET_AFTER: Final = 200
LOOKS_FOR_SCHEDULES_EVERY_S: Final = 5.0
THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When something is to happen: five fields of cron, in a time zone."""

    cron: str
    time_zone: str


class Durable:
    """DBOS for one process, once it is needed.

    Attributes:
        on_fire: Told on the engine's loop the name of a schedule, and the instant that it is for.
            It may be told the same twice.
    """

    on_fire: Callable[[str, datetime], Awaitable[None]] | None = None

    def __init__(self, settings: Settings, executor: str) -> None:
        """Args: ``executor`` names this process, and no other one ever."""
        self._settings = settings
        self._executor = executor
        self._here = asyncio.get_running_loop()
        self._hands: dict[str, Forward] = {}
        self._there: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._opening = asyncio.Lock()
        self._beside: asyncio.Task[bool] | None = None
        self._was_opened = False
        self._done: list[str] = []
        self._rhythms: Mapping[str, Rhythm] = {}

    async def carry(self, run_id: str, leg: int, forward: Forward) -> None:
        """Goes on with a leg until ``forward``, called once for each module, gives None."""
        name = self.workflow_id(run_id, leg, self._executor)
        if self._there is None:
            # Opening takes a second or two, for which nobody who runs something has to wait.
            self.begin_to_open()
        else:
            self._hands[name] = forward
            try:
                await self._across(self._workflow(name, run_id, leg))
            except Exception as error:  # noqa: BLE001 - whatever it is, the run does not need it
                LOG.warning("DBOS failed, and a run goes on without it: %s", type(error).__name__)
            finally:
                self._hands.pop(name, None)
            self._forget(name)
        while await forward() is not None:
            pass

    @staticmethod
    def workflow_id(run_id: str, leg: int, worker: str) -> str:
        """The id of a leg. A database that was put back from a backup gives no leg twice."""
        return f"{run_id}:{leg}:{worker.rsplit(':', 1)[-1]}"

    async def keep_schedules(self, rhythms: Mapping[str, Rhythm]) -> None:
        """Fires these schedules from now on, and no others."""
        self._rhythms = dict(rhythms)
        if (rhythms or self._there is not None) and await self.open():
            await self._across(self._schedules(self._rhythms))

    def forget(self, names: list[str]) -> None:
        """Drops what is known of workflows that somebody else began and nobody goes on with."""
        if self._there is None:
            # Dropped with what is done here, once there is a DBOS: one that begins finds at once
            # what the one before has left, and opens its DBOS later.
            self._done.extend(names)
        elif names:
            asyncio.run_coroutine_threadsafe(_quietly(self._delete(names)), self._there)

    def begin_to_open(self) -> None:
        """Opens DBOS beside everything else."""
        if self._beside is None:
            self._beside = self._here.create_task(self.open())

    async def open(self) -> bool:
        """Whether DBOS is there; it is opened when it is first needed."""
        async with self._opening:
            if not self._was_opened:
                self._was_opened = True
                await self._open()
        return self._there is not None

    async def close(self) -> None:
        """Ends it, and waits for its threads."""
        if self._beside is not None:
            await asyncio.gather(self._beside, return_exceptions=True)
        there, thread = self._there, self._thread
        if there is None or thread is None:
            return
        self._there = None
        with suppress(Exception):
            await self._awaited(asyncio.run_coroutine_threadsafe(self._delete(self._done), there))
        await self._here.run_in_executor(None, _close, there, thread)
        with _SLOT.lock:
            _SLOT.holder = None

    async def _open(self) -> None:
        with _SLOT.lock:
            if _SLOT.holder is not None or _is_taken():
                LOG.info("This process has a DBOS already; runs of this installation do without.")
                return
            _SLOT.holder = self
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=_serve, args=(loop,), name="grantline-dbos", daemon=True)
        try:
            await self._here.run_in_executor(None, _launch, self._settings, self._executor)
        except Exception as error:  # noqa: BLE001 - whatever it is, runs do not need it
            LOG.warning("DBOS cannot be opened, and runs do without: %s", type(error).__name__)
            loop.close()
            with _SLOT.lock:
                _SLOT.holder = None
            return
        thread.start()
        self._thread, self._there = thread, loop

    async def _workflow(self, name: str, run_id: str, leg: int) -> None:
        from dbos import DBOS, SetWorkflowID  # noqa: PLC0415

        with SetWorkflowID(name):
            handle = await DBOS.start_workflow_async(_workflows().leg, name, run_id, leg)
        await handle.get_result()

    async def go(self, name: str) -> None:
        """The workflow: a step for each module."""
        from dbos import DBOS  # noqa: PLC0415

        if (forward := self._hands.get(name)) is None:
            return
        path: str | None = ""
        while path is not None:
            path = await DBOS.run_step_async({"name": path or "begin"}, self._step, forward)

    async def _step(self, forward: Forward) -> str | None:
        return await self._back(forward())

    async def fire(self, name: str, due_at: datetime) -> None:
        """A schedule whose time has come."""
        from dbos import DBOS  # noqa: PLC0415

        if self.on_fire is not None and name in self._rhythms:
            await self._back(self.on_fire(name, due_at.astimezone(UTC)))
        if (workflow := DBOS.workflow_id) is not None:
            # Whoever fires it once more finds the run that was started for it.
            self._forget(workflow)

    async def _schedules(self, rhythms: Mapping[str, Rhythm]) -> None:
        from dbos import DBOS  # noqa: PLC0415

        there = {each["schedule_name"]: each for each in await DBOS.list_schedules_async()}
        for name in there.keys() - rhythms.keys():
            await DBOS.delete_schedule_async(name)
        for name, rhythm in rhythms.items():
            old = there.get(name)
            if old is not None:
                if (old["schedule"], old.get("cron_timezone")) == (rhythm.cron, rhythm.time_zone):
                    continue
                await DBOS.delete_schedule_async(name)
            await DBOS.create_schedule_async(
                schedule_name=name,
                workflow_fn=_workflows().fire,
                schedule=rhythm.cron,
                cron_timezone=rhythm.time_zone,
                context=name,
            )

    async def _delete(self, names: list[str]) -> None:
        from dbos import DBOS  # noqa: PLC0415

        if names:
            await DBOS.delete_workflows_async(names)

    def _forget(self, name: str) -> None:
        self._done.append(name)
        if len(self._done) >= FORGET_AFTER:
            done, self._done = self._done, []
            self.forget(done)

    async def _across(self, work: Coroutine[Any, Any, T]) -> T:
        """What ``work`` gives on the loop of DBOS."""
        if self._there is None:
            work.close()
            msg = "closed"
            raise RuntimeError(msg)
        return await self._awaited(asyncio.run_coroutine_threadsafe(work, self._there))

    async def _back(self, work: Awaitable[T]) -> T:
        """What ``work`` gives on the loop of the engine."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_done(work), self._here))

    @staticmethod
    async def _awaited(future: Future[T]) -> T:
        return await asyncio.wrap_future(future)


@dataclass(slots=True)
class _Slot:
    lock: threading.Lock
    holder: Durable | None = None


@dataclass(frozen=True, slots=True)
class _Workflows:
    leg: Callable[[str, str, int], Coroutine[Any, Any, None]]
    fire: Callable[[datetime, Any], Coroutine[Any, Any, None]]


_SLOT: Final = _Slot(threading.Lock())
_REGISTERED: Final[list[_Workflows]] = []
_ENGINES: Final[list[Disposable]] = []


def _workflows() -> _Workflows:
    """The functions that DBOS knows by name, registered once in a process."""
    if not _REGISTERED:
        from dbos import DBOS  # noqa: PLC0415

        @DBOS.workflow(name="grantline.leg")
        async def leg(name: str, run_id: str, leg: int) -> None:  # noqa: ARG001 - for its readers
            if (holder := _SLOT.holder) is not None:
                await holder.go(name)

        @DBOS.workflow(name="grantline.fire")
        async def fire(due_at: datetime, context: Any) -> None:
            if (holder := _SLOT.holder) is not None:
                await holder.fire(str(context), due_at)

        _REGISTERED.append(_Workflows(leg, fire))
    return _REGISTERED[0]


def _is_taken() -> bool:
    """Whether whoever uses this library has a DBOS of his own in this process."""
    from dbos import _dbos  # noqa: PLC0415

    return _dbos._dbos_global_instance is not None  # noqa: SLF001 - there is no other way to ask


def _launch(settings: Settings, executor: str) -> None:
    _quiet()
    _workflows()
    try:
        _launch_at(settings, executor)
    except Exception as error:
        # A file that is damaged, or belongs to a later version, holds nothing that is needed.
        if not (is_sqlite(settings.database_url) and set_aside(settings.data_dir)):
            raise
        LOG.warning("%s cannot be used (%s); a new one is begun.", FILE, type(error).__name__)
        _launch_at(settings, executor)


def _launch_at(settings: Settings, executor: str) -> None:
    from dbos import DBOS  # noqa: PLC0415

    place = open_beside(settings.database_url, settings.data_dir)
    try:
        DBOS(
            config={
                "name": NAME,
                "system_database_url": place.url,
                "system_database_engine": place.engine,
                "dbos_system_schema": place.schema,
                "application_version": VERSION,
                "executor_id": executor,
                # Behind a pooler nobody can listen, and nobody waits for anything here.
                "use_listen_notify": False,
                "max_executor_threads": THREADS,
                "scheduler_polling_interval_sec": LOOKS_FOR_SCHEDULES_EVERY_S,
                "enable_otlp": False,
            }
        )
        DBOS.launch()
    except BaseException:
        DBOS.destroy()
        place.engine.dispose()
        raise
    _ENGINES.append(place.engine)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _close(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
    from dbos import DBOS  # noqa: PLC0415

    async def end() -> None:
        rest = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for each in rest:
            each.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(end(), loop).result()
    DBOS.destroy()
    while _ENGINES:
        # DBOS leaves open what it was given.
        _ENGINES.pop().dispose()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _done(work: Awaitable[T]) -> T:
    return await work


async def _quietly(work: Awaitable[None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - what is left over harms nobody
        LOG.warning("DBOS did not forget what has ended: %s", type(error).__name__)


class _Warnings(logging.Handler):
    """Tells our own log where DBOS warns, without its words: they quote what came along."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line for one line."""
        cause = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        LOG.warning(
            "DBOS warns at %s:%s %s", record.filename, record.lineno, cause, extra={"dbos": True}
        )


def _quiet() -> None:
    logger = logging.getLogger("dbos")
    # With a handler there, DBOS adds none of its own to the console.
    if not any(isinstance(each, _Warnings) for each in logger.handlers):
        logger.addHandler(_Warnings(logging.WARNING))
    logger.propagate = False
    logger.setLevel(logging.WARNING)

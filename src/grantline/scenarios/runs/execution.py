"""Carrying out one module of a leg: its outcome, or why the leg ends before there is one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from typing import Any, Final

from grantline.calls.expressions import fill, is_true
from grantline.errors import GrantlineError, InvalidInput, RunCancelled
from grantline.scenarios.definition.modules import Aggregate, Iterate, Router
from grantline.scenarios.mapping.beside import beside
from grantline.scenarios.modules.outcome import Outcome
from grantline.scenarios.runs.bench import Bench
from grantline.scenarios.runs.budget import Budget
from grantline.scenarios.runs.ending import Ending, cancelled, failed, unforeseen, whereabouts
from grantline.scenarios.runs.namespace import Namespace
from grantline.scenarios.runs.step_rows import StepRows
from grantline.scenarios.runs.walk import Act
from grantline.store.records.runs import WAITING, RunStepRecord

LOG: Final = logging.getLogger("grantline.scenarios")
# A longer sleep lets go of the run: the row remembers when it goes on.
LONGEST_NAP: Final = timedelta(seconds=5)


class Stop(Enum):
    """Why a leg is to end before its run does."""

    CANCEL = auto()  # a person wants it
    RELEASE = auto()  # the process ends; others go on
    LOST = auto()  # it is in other hands


class Execution:
    """The modules of one leg, carried out one at a time.

    Attributes:
        stop: Why the leg is to end; None while it goes on.
    """

    def __init__(self, bench: Bench, rows: StepRows, budget: Budget, namespace: Namespace) -> None:
        """The carrying out of what ``namespace`` is for, within ``budget``."""
        self.stop: Stop | None = None
        self._bench = bench
        self._rows = rows
        self._budget = budget
        self._namespace = namespace
        self._working: asyncio.Task[Outcome] | None = None

    def interrupt(self) -> None:
        """Ends the request under way."""
        if self._working is not None:
            self._working.cancel()

    async def outcome(
        self, act: Act, row: RunStepRecord, names: Mapping[str, Any]
    ) -> Outcome | Ending | None:
        """What became of the module, or how the leg ends; None when the run is in other hands."""
        module = act.module
        try:
            match module.does:
                case Iterate():
                    items = await beside(names, partial(fill, module.does.items, names))
                    return self._iterated(items)
                case Router():
                    return await beside(names, partial(_routed, module.does, names))
                case Aggregate():
                    collected = await self._namespace.of_each(act.arrived or ())
                    return await self._bench.carry_out(module, row, names, collected)
                case _:
                    return await self._worked(act, row, names)
        except GrantlineError as error:
            return Outcome(error=error)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not lose the run
            # Without the traceback, whose last line would quote what came from outside.
            where = whereabouts(error)
            LOG.error("A %s failed in an unforeseen way: %s", module.does.kind, where)  # noqa: TRY400
            return Outcome(error=unforeseen(error))

    async def _worked(
        self, act: Act, row: RunStepRecord, names: Mapping[str, Any]
    ) -> Outcome | Ending | None:
        if self.stop in (Stop.CANCEL, Stop.LOST):
            return self._interrupted(row)
        work = self._bench.work(act.module, row, names, nap=LONGEST_NAP)
        self._working = asyncio.get_running_loop().create_task(work)
        try:
            _, late = await asyncio.wait({self._working}, timeout=self._budget.left.total_seconds())
            if late:
                self._working.cancel()
                await asyncio.wait({self._working})
                error = self._budget.too_long()
                self._rows.fail(row, error, None, None, self._now())
                return failed(error, row.path)
            if self._working.cancelled():
                return self._interrupted(row)
            return self._working.result()
        except asyncio.CancelledError:
            self._working.cancel()
            raise
        finally:
            self._working = None

    def _interrupted(self, row: RunStepRecord) -> Ending | None:
        match self.stop:
            case Stop.CANCEL:
                error = RunCancelled(
                    "The run was cancelled.",
                    hint="What a service had received by then it may have done even so.",
                )
                self._rows.fail(row, error, None, None, self._now())
                return cancelled()
            case Stop.RELEASE:
                return Ending(state=WAITING)
            case _:
                return None

    def _iterated(self, items: Any) -> Outcome:
        if not isinstance(items, list | tuple):
            raise InvalidInput(
                "What the iterator is to go through is not a list.",
                field="items",
                hint="Map a list of an earlier module, such as {{ 1.data.items }}.",
            )
        self._budget.check_items(len(items))
        return Outcome(output={"items": list(items), "total": len(items)}, input={})

    def _now(self) -> datetime:
        return self._bench.context.clock.now()


def _routed(does: Router, names: Mapping[str, Any]) -> Outcome:
    goes = [
        number
        for number, branch in enumerate(does.branches)
        if not branch.is_fallback and is_true(branch.when, names)
    ]
    if not goes:
        goes = [number for number, branch in enumerate(does.branches) if branch.is_fallback]
    named = [does.branches[number].name or str(number + 1) for number in goes]
    return Outcome(output={"branches": goes, "names": named}, input={})

"""How much a run may do: modules, time, and beginnings of one module over again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from grantline.errors import LimitExceeded
from grantline.scenarios.definition.scenario import Bounds
from grantline.store.records.runs import RunStepRecord, ScenarioRunRecord

# A module that takes its process down each time would take down one process after the other.
MOST_BEGUN: Final = 5


class Budget:
    """What one run has used of its bounds.

    Attributes:
        steps: How many modules were carried out, on all legs together.
    """

    def __init__(
        self, record: ScenarioRunRecord, bounds: Bounds, elapsed: Callable[[], timedelta]
    ) -> None:
        """Args: ``elapsed`` is the time that nobody sets, as ``Clock.elapsed``."""
        self.steps = record.steps
        self._bounds = bounds
        self._before = record.spent
        self._elapsed = elapsed
        self._began_at = elapsed()

    @property
    def spent(self) -> timedelta:
        """How long the run was gone on with, on all legs together."""
        return self._before + self._elapsed() - self._began_at

    @property
    def left(self) -> timedelta:
        """How long it may go on; nothing when the time is up."""
        return max(self._bounds.within - self.spent, timedelta())

    def exceeded(self) -> LimitExceeded | None:
        """Why no further module may be carried out; None when one may."""
        most = self._bounds.steps
        if self.steps >= most:
            return LimitExceeded(
                f"The run has carried out {most:,} modules, which is as many as it may.",
                limit="steps",
                hint="Raise steps in the bounds of the scenario, or give it less to do at a time.",
            )
        return None if self.left else self.too_long()

    def too_long(self) -> LimitExceeded:
        """The run took longer than it may."""
        return LimitExceeded(
            f"The run took longer than {self._bounds.within}, which is as long as it may.",
            limit="within",
            hint="Raise within in the bounds of the scenario, or give it less to do at a time.",
        )

    def check_items(self, count: int) -> None:
        """Raises ``LimitExceeded`` when not even one module could be carried out for each item."""
        most = self._bounds.steps
        if count > most - self.steps:
            raise LimitExceeded(
                f"The iterator has {count:,} items, and a run carries out at most {most:,} "
                f"modules, of which this one has carried out {self.steps:,}.",
                limit="steps",
                hint="Ask for fewer items, or raise steps in the bounds of the scenario.",
            )


def begun_too_often(row: RunStepRecord) -> LimitExceeded | None:
    """Why this step is not begun once more; None when it may be."""
    if row.attempts < MOST_BEGUN:
        return None
    return LimitExceeded(
        f"Module {row.module_id} was begun {row.attempts} times, and each time the process that "
        "carried it out ended before the module did.",
        limit="attempts",
        hint=(
            "See why the process ended, such as for want of memory; make what the module handles "
            "smaller, then run it again from this step."
        ),
    )

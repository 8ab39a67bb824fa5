"""What the expressions of a module can name: bundles, ``trigger``, ``input``, ``vars``, ``run``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

from grantline.scenarios.definition.modules import Module
from grantline.scenarios.runs.blocks import Mentions
from grantline.scenarios.runs.sealed_run import Given
from grantline.scenarios.runs.step_rows import StepRows
from grantline.scenarios.runs.walk import Scope
from grantline.store.records.runs import ScenarioRunRecord


class Namespace:
    """The names of one run."""

    def __init__(
        self, record: ScenarioRunRecord, given: Given, rows: StepRows, mentions: Mentions
    ) -> None:
        """Args: ``mentions`` says what has to be read for a module."""
        self._rows = rows
        self._mentions = mentions
        started_at = record.started_at or record.created_at
        self._fixed = {
            "trigger": given.trigger,
            "input": given.inputs,
            "run": {
                "id": record.id,
                "scenario": record.scenario_name,
                "cause": record.cause,
                "started_at": started_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            },
        }

    async def of(self, scope: Scope, module: Module) -> dict[str, Any]:
        """What ``module`` can name; the bundles that it speaks of are read."""
        mentioned = self._mentions.of(module)
        await self._rows.load(
            [each for number, each in scope.bundles.items() if str(number) in mentioned]
        )
        return self._seen(scope)

    async def of_each(self, arrived: Sequence[Scope]) -> Iterable[Mapping[str, Any]]:
        """What an aggregator can name of each bundle that came to it, one after the other."""
        await self._rows.load([held for scope in arrived for held in scope.bundles.values()])
        return (self._seen(scope) for scope in arrived)

    def _seen(self, scope: Scope) -> dict[str, Any]:
        bundles = {
            str(number): each.bundle
            for number, each in scope.bundles.items()
            if each.bundle is not None
        }
        return {**bundles, **self._fixed, "vars": scope.variables}

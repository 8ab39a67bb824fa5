"""Scenarios, for code that waits."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grantline.client.async_scenarios import AsyncScenarios
from grantline.client.portal import Portal
from grantline.client.scenario_result import ScenarioResult
from grantline.scenarios.kept import KeptScenario, ScenarioSummary
from grantline.scenarios.runs.run import ScenarioRun


class Scenarios:
    """Scenarios as ``AsyncScenarios`` has them, without ``await``; any thread may use them."""

    def __init__(self, twin: AsyncScenarios, portal: Portal) -> None:
        self._twin = twin
        self._portal = portal

    def run(self, what: str | Path, /, **inputs: Any) -> ScenarioResult:
        """What came of a run; see ``AsyncScenarios.run``."""
        return self._portal.call(self._twin.run, what, **inputs)

    def find(self, name: str) -> KeptScenario:
        """The scenario with this name or id; raises ``NotFound``."""
        return self._portal.call(self._twin.find, name)

    def list(self, query: str = "") -> builtins.list[ScenarioSummary]:
        """Scenarios by name, those with ``query`` in it."""
        return self._portal.call(self._twin.list, query)

    def create(self, definition: Mapping[str, Any]) -> KeptScenario:
        """A new scenario, which is off; see ``AsyncScenarios.create``."""
        return self._portal.call(self._twin.create, definition)

    def edit(
        self, name: str, definition: Mapping[str, Any], *, version: int | None = None
    ) -> KeptScenario:
        """The scenario with another definition; see ``AsyncScenarios.edit``."""
        return self._portal.call(self._twin.edit, name, definition, version=version)

    def import_file(self, file: str | Path, *, replace: bool = False) -> KeptScenario:
        """The scenario of a file, kept; see ``AsyncScenarios.import_file``."""
        return self._portal.call(self._twin.import_file, file, replace=replace)

    def export(self, name: str) -> str:
        """The scenario as the text of a file."""
        return self._portal.call(self._twin.export, name)

    def enable(self, name: str) -> KeptScenario:
        """The scenario, switched on; see ``AsyncScenarios.enable``."""
        return self._portal.call(self._twin.enable, name)

    def disable(self, name: str) -> KeptScenario:
        """The scenario, switched off; see ``AsyncScenarios.disable``."""
        return self._portal.call(self._twin.disable, name)

    def delete(self, name: str) -> ScenarioSummary:
        """The scenario that was deleted; its runs stay."""
        return self._portal.call(self._twin.delete, name)

    def runs(self, name: str | None = None, *, limit: int = 50) -> builtins.list[ScenarioRun]:
        """The latest runs, newest first; of one scenario or of all."""
        return self._portal.call(self._twin.runs, name, limit=limit)

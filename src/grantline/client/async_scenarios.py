"""Scenarios, for code that awaits."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from grantline.client.scenario_result import ScenarioResult
from grantline.connections.engine import LOCAL
from grantline.errors import InvalidInput, NameTaken
from grantline.scenarios.definition.plain import scenario_from_plain
from grantline.scenarios.kept import KeptScenario, ScenarioSummary
from grantline.scenarios.runs.result import output_of
from grantline.scenarios.runs.run import ScenarioRun
from grantline.scenarios.service import Scenarios

FILES: Final = (".yaml", ".yml")
_AT_ONCE: Final = 200


class AsyncScenarios:
    """The scenarios of an installation; ``connections.scenarios`` gives them."""

    def __init__(self, opened: Callable[[], Awaitable[Scenarios]]) -> None:
        """Args: ``opened`` gives the service, which is opened when it is first asked for."""
        self._opened = opened

    async def run(self, what: str | Path, /, **inputs: Any) -> ScenarioResult:
        """What came of a run, once it has ended or waits for a person.

        Args:
            what: The name or id of a scenario; or a file, as a path or as a text that ends with
                ``.yaml``. A file is run as it is and not kept.
            inputs: Values for the inputs of the scenario.

        Raises:
            NotFound: There is no scenario of this name.
            MalformedFile: The file cannot be read; names line, module and field.
            ScenarioNotReady: It could not run as it is; holds every problem.
            InvalidInput: An input is missing, or unknown.
        """
        scenarios = await self._opened()
        if is_file(what):
            given = await scenarios.read_file(LOCAL, read_text(what))
            started = await scenarios.runs.start_file(LOCAL, given, inputs)
        else:
            started = await scenarios.runs.start(LOCAL, str(what), inputs)
        run = await scenarios.runs.wait(LOCAL, started.id)
        return ScenarioResult(run=run, _output=await output_of(scenarios.runs, LOCAL, run))

    async def find(self, name: str) -> KeptScenario:
        """The scenario with this name or id; raises ``NotFound``."""
        return await (await self._opened()).find(LOCAL, name)

    async def list(self, query: str = "") -> builtins.list[ScenarioSummary]:
        """Scenarios by name, those with ``query`` in it."""
        scenarios = await self._opened()
        found: list[ScenarioSummary] = []
        while True:
            page = await scenarios.page(LOCAL, query=query, offset=len(found), limit=_AT_ONCE)
            found += page.rows
            if not page.rows or len(found) >= page.total:
                return found

    async def create(self, definition: Mapping[str, Any]) -> KeptScenario:
        """A new scenario, which is off.

        Args:
            definition: What a file says, as dictionaries and lists: at least ``name`` and
                ``modules``. Connections and credentials may be given by name.

        Raises:
            InvalidInput: Something in it is wrong; names the module and the field.
            NameTaken: Another scenario has the name.
        """
        return await (await self._opened()).create(LOCAL, scenario_from_plain(definition))

    async def edit(
        self, name: str, definition: Mapping[str, Any], *, version: int | None = None
    ) -> KeptScenario:
        """The scenario with another definition.

        Args:
            name: Its name or id.
            definition: As for ``create``.
            version: The version the edit was made against; None takes whatever is there.

        Raises:
            ConnectionChanged: Somebody else edited it since.
            ScenarioNotReady: It is on, and could not run like this.
        """
        scenario = scenario_from_plain(definition)
        return await (await self._opened()).edit(LOCAL, name, scenario, version=version)

    async def import_file(self, file: str | Path, *, replace: bool = False) -> KeptScenario:
        """The scenario of a file, kept under the name that it has there.

        Args:
            file: Its path.
            replace: Whether it takes the place of a scenario of this name.

        Raises:
            MalformedFile: The file cannot be read; names line, module and field.
            NameTaken: There is one of this name, and ``replace`` is off.
        """
        scenarios = await self._opened()
        scenario = await scenarios.read_file(LOCAL, read_text(file))
        try:
            return await scenarios.create(LOCAL, scenario)
        except NameTaken:
            if not replace:
                raise
        return await scenarios.edit(LOCAL, scenario.name, scenario)

    async def export(self, name: str) -> str:
        """The scenario as the text of a file."""
        scenarios = await self._opened()
        kept = await scenarios.find(LOCAL, name)
        return await scenarios.write_file(LOCAL, kept.scenario)

    async def enable(self, name: str) -> KeptScenario:
        """The scenario, whose trigger starts runs from now on, in ``grantline serve``.

        Raises:
            ScenarioNotReady: It could not run as it is; holds every problem.
        """
        return await (await self._opened()).set_active(LOCAL, name, is_active=True)

    async def disable(self, name: str) -> KeptScenario:
        """The scenario, whose trigger starts no more runs; those under way go on."""
        return await (await self._opened()).set_active(LOCAL, name, is_active=False)

    async def delete(self, name: str) -> ScenarioSummary:
        """The scenario that was deleted; its runs stay."""
        return await (await self._opened()).delete(LOCAL, name)

    async def runs(self, name: str | None = None, *, limit: int = 50) -> builtins.list[ScenarioRun]:
        """The latest runs, newest first; of one scenario or of all."""
        scenarios = await self._opened()
        scenario_id = None if name is None else (await scenarios.find(LOCAL, name)).id
        page = await scenarios.runs.page(LOCAL, scenario_id=scenario_id, limit=limit)
        return list(page.rows)


def is_file(what: str | Path) -> bool:
    """Whether a file is meant, and no name."""
    return isinstance(what, Path) or what.lower().endswith(FILES)


def read_text(file: str | Path) -> str:
    """The text of a file.

    Raises:
        InvalidInput: It cannot be read.
    """
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be read: {error.strerror}.", field="file", hint="Check the path."
        ) from None
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{file} is not UTF-8.", field="file", hint="Save it as UTF-8."
        ) from None

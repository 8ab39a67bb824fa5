"""What scenarios ask of a database: a part of ``Store``, whose laws it cites."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from grantline.store.records.audit import Event
from grantline.store.records.page import Page
from grantline.store.records.scenarios import ListedScenario, ScenarioRecord, ScenarioUse


class ScenarioStore(Protocol):
    """Scenarios under their names, and what they refer to."""

    def add_scenario(
        self, scenario: ScenarioRecord, uses: Collection[ScenarioUse], event: Event
    ) -> None:
        """Adds a scenario and what it refers to."""
        ...

    def load_scenario(self, workspace: str, scenario_id: str) -> ScenarioRecord:
        """The scenario of this id."""
        ...

    def find_scenario(self, workspace: str, name: str) -> ScenarioRecord:
        """The scenario of this name."""
        ...

    def find_hooked(self, hook_digest: str) -> ScenarioRecord | None:
        """The scenario, of any workspace, whose webhook has this address.

        None when there is none, or when its trigger is another one.
        """
        ...

    def list_scheduled(self) -> Sequence[ListedScenario]:
        """Every active scenario, of any workspace, that a schedule starts."""
        ...

    def find_scheduled(self, scenario_id: str) -> ListedScenario | None:
        """The scenario of this id, of any workspace, when it is active and a schedule starts it."""
        ...

    def page_scenarios(
        self,
        workspace: str,
        *,
        query: str = "",
        connection_id: str | None = None,
        credential_id: str | None = None,
        is_active: bool | None = None,
        offset: int = 0,
        limit: int = 50,
    ) -> Page[ListedScenario]:
        """Scenarios by name, those that fit every filter given.

        Args:
            workspace: Whose.
            query: In the name, whatever the case.
            connection_id: Those that refer to this connection.
            credential_id: Those that refer to this credential.
            is_active: Those that are on, or off.
            offset: How many rows to pass over.
            limit: How many rows to give.
        """
        ...

    def scenario_names(self, workspace: str, scenario_ids: Collection[str]) -> dict[str, str]:
        """The names of those of these scenarios that there are, by id."""
        ...

    def update_scenario(
        self, scenario: ScenarioRecord, uses: Collection[ScenarioUse], event: Event
    ) -> None:
        """Writes what people edit over version ``scenario.version - 1`` (law 4).

        The address of its webhook is not touched, and whether it is active must not have changed
        meanwhile: an active scenario is one that was found to be in order.
        """
        ...

    def switch_scenario(
        self, workspace: str, scenario_id: str, version: int, *, is_active: bool, event: Event
    ) -> None:
        """Lets the trigger of this ``version`` start runs, or no longer.

        Raises:
            ConnectionChanged: It has another version by now.
        """
        ...

    def replace_hook(
        self,
        workspace: str,
        scenario_id: str,
        *,
        hook_digest: str,
        sealed_hook: str,
        updated_at: datetime,
        event: Event,
    ) -> None:
        """Gives the webhook another address; the old one is unknown from then on."""
        ...

    def delete_scenario(self, workspace: str, scenario_id: str, event: Event) -> None:
        """Removes a scenario; its runs stay (law 13)."""
        ...
